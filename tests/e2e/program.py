"""Processes the end-to-end tests start: the program itself, the playground, login accounts."""
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.request
import uuid

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
SECONDS = 60

# For a shell: prints blank lines for as long as somebody reads them, and so does not outlive its
# connection.
ENDLESS = "while echo; do sleep 0.2; done"


def wait_until(condition, what="what was waited for did not happen", seconds=SECONDS):
    """Returns when the condition holds; fails if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@dataclasses.dataclass
class Result:
    """How a run ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    def expect(self, code, *texts):
        """Asserts the exit code and that stderr holds each text, whatever the case."""
        assert self.code == code, f"exit {self.code} instead of {code}\n{self}"
        for text in texts:
            assert text.lower() in self.stderr.lower(), f"{text!r} is not in stderr\n{self}"
        return self

    def __str__(self):
        return f"exit {self.code} after {self.seconds:.2f} s\n" \
               f"--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


class Towline:
    """towline("sync", config={...}) -> Result. Every run has a hard time limit, past which the
    test fails with what was printed; the program's surroundings are the test's directory."""

    def __init__(self, program, directory):
        self.program = program
        self.directory = pathlib.Path(directory)
        self.home = self.directory / "home"
        self.home.mkdir(exist_ok=True)

    def __call__(self, *arguments, timeout=SECONDS, stdin=None, **options):
        process = self.start(*arguments, stdin=stdin is not None, **options)
        begun = time.monotonic()
        try:
            stdout, stderr = process.communicate(stdin and stdin.encode(), timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            raise AssertionError(
                f"{arguments} still ran after {timeout} s\n{stdout.decode(errors='replace')}\n"
                f"{stderr.decode(errors='replace')}") from None
        return Result(process.returncode, stdout.decode(errors="replace"),
                      stderr.decode(errors="replace"), time.monotonic() - begun)

    def start(self, *arguments, config=None, env=None, stdin=False, **popen):
        """Starts it and returns the Popen, in a process group of its own."""
        command = [str(self.program), *map(str, arguments)]
        if config is not None:
            command += ["--configuration", str(self.write_config(config))]
        surroundings = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8",
            # A finding ends the program with a code that is in no contract.
            "ASAN_OPTIONS": "exitcode=99:detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1",
            **(env or {}),
        }
        return subprocess.Popen(
            command, cwd=self.directory, env=surroundings, start_new_session=True,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **popen)

    def write_config(self, config, name="configuration.json"):
        """Writes a configuration as a user would who keeps secrets in it: mode 0600."""
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(config if isinstance(config, str) else json.dumps(config))
        return path


class PlaygroundProcess:
    """A running playground on a free port; its credentials are attributes."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [FIXTURES / "playground", "--port", "0", "--json", *options],
            stdout=subprocess.PIPE, text=True, start_new_session=True)
        line = self.process.stdout.readline()
        assert line, "the playground did not start"
        self.__dict__.update(json.loads(line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def get(self, path, headers=None, method="GET", body=None):
        """Returns (status, headers, body as text); error answers are answers."""
        request = urllib.request.Request(self.url + path, method=method, headers=headers or {},
                                         data=body)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def json(self, path, **options):
        """The body of a 200 answer, decoded."""
        status, _, body = self.get(path, **options)
        assert status == 200, body
        return json.loads(body)

    def stop(self):
        """Ends it as an operator would."""
        self.process.terminate()
        self.process.wait(60)
        self.process.stdout.close()


def listens(pid):
    """Whether the process listens on a TCP port."""
    own = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            own.add(os.readlink(fd))
    sockets = [line.split() for table in ("tcp", "tcp6")
               for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]]
    return any(fields[3] == "0A" and f"socket:[{fields[9]}]" in own for fields in sockets)


@contextlib.contextmanager
def accounts():
    """One test at a time changes the accounts of the machine, or counts on them."""
    folder = os.open("/etc", os.O_RDONLY)  # which is there, and not replaced as passwd is
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class LoginUser:
    """An account with the given shell and files in its home."""

    def __init__(self, shell, files, password=None):
        self.name = f"towline{uuid.uuid4().hex[:8]}"
        # "*" is an account without a password, where "!" would be a locked one.
        secret = "*" if password is None else subprocess.run(
            ["openssl", "passwd", "-6", password], check=True, capture_output=True,
            text=True).stdout.strip()
        with accounts():
            subprocess.run(["useradd", "-m", "-k", "/dev/null", "-s", shell, "-p", secret,
                            self.name], check=True, stdout=subprocess.DEVNULL)
        for name, text in files.items():
            path = pathlib.Path(f"~{self.name}").expanduser() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def remove(self):
        """Removes the account and its home."""
        with accounts():
            subprocess.run(["userdel", "-r", "-f", self.name], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
