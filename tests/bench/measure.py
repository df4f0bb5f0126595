"""Running one command by the clock, and what is said about many runs."""
import dataclasses
import os
import statistics
import subprocess
import time


REASON_SIZE = 100


class Failed(RuntimeError):
    """A command did not end well; the message is the end of what it said."""


@dataclasses.dataclass
class Run:
    """One run of a contestant: wall-clock seconds, peak memory of its largest process."""

    seconds: float
    peak_mb: float
    stdout: str = ""
    cpu_seconds: float = 0  # of all its processes


def run(command, cwd, env=None):
    """Runs a shell command and waits; its standard output is kept, its errors are shown if it
    fails. The disk is at rest when it starts.

    A process is born with its parent's peak in its books, so this program must stay small:
    whatever reads tables is a program of its own."""
    os.sync()
    with open(os.path.join(cwd, "stderr"), "w+b") as errors:
        begun = time.monotonic()
        process = subprocess.Popen(["bash", "-o", "pipefail", "-c", command], cwd=cwd, env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=errors)
        with process.stdout:
            stdout = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise Failed(reason(errors.read().decode(errors="replace"), process.returncode))
    return Run(seconds, usage.ru_maxrss / 1024, stdout, usage.ru_utime + usage.ru_stime)


def reason(said, code):
    """One short line of what a program said before it failed: the last that names an error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [f"exit {code}"]
    line = next((line for line in reversed(lines) if "rror:" in line), lines[-1])
    return line if len(line) <= REASON_SIZE else line[:REASON_SIZE - 3] + "..."


@dataclasses.dataclass
class Record:
    """All runs of one contestant on one workload."""

    runs: list = dataclasses.field(default_factory=list)
    exact: str = ""
    failure: str = ""

    @property
    def seconds(self):
        """The median, or None if there was no run."""
        return statistics.median(run.seconds for run in self.runs) if self.runs else None

    @property
    def best(self):
        """The fastest: what other programs on the machine disturbed least. None if none."""
        return min((run.seconds for run in self.runs), default=None)

    @property
    def peak_mb(self):
        """The highest of all runs."""
        return max(run.peak_mb for run in self.runs) if self.runs else None
