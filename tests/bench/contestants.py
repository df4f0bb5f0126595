"""Who takes part: Towline, its stages alone, and what people use instead of it."""
import dataclasses
import json
import os
import pathlib
import shlex
import shutil
import subprocess

import measure

HERE = pathlib.Path(__file__).resolve().parent
DUCKDB = "@duckdb/node-api"


def quoted(*words):
    """Words as a shell takes them."""
    return shlex.join(map(str, words))


@dataclasses.dataclass
class Ground:
    """What every contestant is given."""

    server: object  # a running sshd
    build: pathlib.Path
    folder: pathlib.Path  # for databases; emptied afterwards
    cache: pathlib.Path  # for what is installed; kept
    sources: dict  # workload -> NDJSON (w2: one document) in the server's file system

    def ssh(self, command):
        """The command line that runs a command by OpenSSH's client, as any user would."""
        return quoted("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                      "-o", f"UserKnownHostsFile={self.server.known_hosts}", "-i", self.server.key,
                      "-p", self.server.port, f"{self.server.user}@{self.server.host}", command)

    def cat(self, workload):
        """What the server runs to print a workload."""
        return quoted("cat", self.sources[workload])

    def database(self, name):
        """A path in the folder, with nothing there."""
        for path in self.folder.glob(f"{name}*"):
            path.unlink()
        return self.folder / name

    def reference(self, workload):
        """The rows that a table must hold after the workload, in key order."""
        return self.sources["w1" if workload in ("w2", "w1s", "again") else workload]

    def compare(self, workload, database, before=None):
        """exact.py's verdict on table t; `before` is a command that prints the rows instead of
        an SQLite database."""
        program = quoted(HERE / "exact.py", self.reference(workload), "-" if before else database)
        return measure.run(f"{before} | {program}" if before else program, self.folder).stdout.strip()


class Towline:
    """towline sync, state and all. `again` and `w4` continue with what `w1` left."""

    name = "towline"
    CONTINUE = ("again", "w4")

    def __init__(self, ground):
        self.ground = ground

    def missing(self):
        """Why it cannot take part; None if it can."""
        return None

    def sync(self, command, database):
        """One sync of the command's output into the database; the summary is Run.stdout."""
        configuration = self.ground.folder / "configuration.json"
        summary = self.ground.folder / "summary.json"
        server = self.ground.server
        with open(os.open(configuration, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"ssh_host": server.host, "ssh_port": server.port, "ssh_user": server.user,
                       "ssh_private_key_path": str(server.key),
                       "ssh_known_hosts_path": str(server.known_hosts),
                       "table": "t", "command": command, "primary_key": "id"}, file)
        run = measure.run(quoted(self.ground.build / "towline", "sync", "-c", configuration,
                                 "--destination", f"sqlite:{database}", "--summary", summary,
                                 "--progress", "never", "--log-level", "error"), self.ground.folder)
        run.stdout = summary.read_text()
        return run

    def run(self, workload):
        """By the clock."""
        if workload in self.CONTINUE:
            database = self.ground.folder / "towline.db"
        else:
            database = self.ground.database("towline.db")
        source = "w1" if workload == "again" else workload
        return self.sync(self.ground.cat(source), database)

    def exact(self, workload):
        """What the last run left, compared with its source."""
        return self.ground.compare(workload, self.ground.folder / "towline.db")

    def stream(self, rows):
        """By the clock: rows that are made while they are sent."""
        database = self.ground.database("stream.db")
        run = self.sync(quoted(self.ground.build / "bench_workload", "w1", rows), database)
        self.ground.database("stream.db")
        return run


class PerRow:
    """paramiko, json.loads and one execute per row: upstream's example."""

    name = "paramiko"

    def __init__(self, ground):
        self.ground = ground

    def missing(self):
        """Why it cannot take part; None if it can."""
        said = subprocess.run(["/usr/bin/python3", "-c", "import paramiko"], capture_output=True)
        return None if said.returncode == 0 else "python3-paramiko is not installed"

    def run(self, workload):
        """By the clock."""
        server = self.ground.server
        return measure.run(quoted(HERE / "peers" / "per_row.py", server.host, server.port,
                                  server.user, server.key, server.known_hosts,
                                  self.ground.database("per_row.db"), self.ground.cat(workload)),
                           self.ground.folder)

    def exact(self, workload):
        """What the last run left, compared with its source."""
        return self.ground.compare(workload, self.ground.folder / "per_row.db")


class SqliteUtils:
    """ssh | sqlite-utils upsert --pk id."""

    name = "sqlite-utils"

    def __init__(self, ground):
        self.ground = ground

    def missing(self):
        """Why it cannot take part; None if it can."""
        return None if shutil.which("sqlite-utils") else "sqlite-utils is not installed"

    def run(self, workload):
        """By the clock."""
        upsert = quoted("sqlite-utils", "upsert", self.ground.database("utils.db"), "t", "-",
                        "--nl", "--pk", "id")
        return measure.run(f"{self.ground.ssh(self.ground.cat(workload))} | {upsert}",
                           self.ground.folder)

    def exact(self, workload):
        """What the last run left, compared with its source."""
        return self.ground.compare(workload, self.ground.folder / "utils.db")


class DuckDb:
    """ssh | duckdb: read_json, INSERT OR REPLACE. The table is made beforehand."""

    name = "duckdb"

    def __init__(self, ground):
        self.ground = ground
        os.environ["NODE_PATH"] = str(ground.cache / "node_modules")

    def missing(self):
        """Why it cannot take part; None if it can."""
        if not shutil.which("node"):
            return "node is not installed"
        found = self.ground.cache / "node_modules" / DUCKDB
        return None if found.is_dir() else f"{DUCKDB} is not installed in {self.ground.cache}"

    def program(self, *arguments):
        """The command line of the peer."""
        return quoted("node", HERE / "peers" / "duckdb.mjs", *arguments)

    def run(self, workload):
        """By the clock."""
        database = self.ground.database("duck.db")
        layout = "data" if workload == "w2" else "rows"
        measure.run(self.program("create", database, self.ground.reference(workload)),
                    self.ground.folder)
        return measure.run(f"{self.ground.ssh(self.ground.cat(workload))} | "
                           f"{self.program('load', database, layout)}", self.ground.folder)

    def exact(self, workload):
        """What the last run left, compared with its source."""
        return self.ground.compare(workload, None,
                                   self.program("dump", self.ground.folder / "duck.db"))


class Stage:
    """One stage of the way alone."""

    def __init__(self, ground, name):
        self.ground = ground
        self.name = name

    def missing(self):
        """Why it cannot take part; None if it can."""
        return None

    def run(self, workload):
        """By the clock; the stages that are programs of their own print the seconds of the part
        that counts."""
        source, build = self.ground.sources[workload], self.ground.build
        if self.name == "ssh cat":
            return measure.run(f"{self.ground.ssh(self.ground.cat(workload))} >/dev/null",
                               self.ground.folder)
        if self.name == "tokenizer":
            command = quoted(build / "bench_tokenizer", source, 3)
        else:
            command = quoted(build / "bench_upsert", source,
                             f"sqlite:{self.ground.database('stage.db')}")
        run = measure.run(command, self.ground.folder)
        run.seconds = float(run.stdout.split()[0])
        return run


STAGES = ("ssh cat", "tokenizer", "upsert")


def everybody(ground):
    """All contestants, Towline first."""
    return [Towline(ground), *(Stage(ground, name) for name in STAGES), DuckDb(ground),
            PerRow(ground), SqliteUtils(ground)]


def install(cache):
    """Installs the peers that are missing: Debian's packages, and DuckDB's library into the
    cache folder. What cannot be had is left out later, with a word about it."""
    wanted = []
    if subprocess.run(["/usr/bin/python3", "-c", "import paramiko"], capture_output=True).returncode:
        wanted.append("python3-paramiko")
    wanted += [] if shutil.which("sqlite-utils") else ["sqlite-utils"]
    wanted += [] if shutil.which("node") else ["nodejs"]
    wanted += [] if shutil.which("npm") else ["npm"]
    if wanted:
        as_root = [] if os.geteuid() == 0 else ["sudo"]
        command = as_root + ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y",
                             "install", "--no-install-recommends"]
        for package in wanted:  # one by one: a release may lack one of them
            quietly(command + [package])
    if not (cache / "node_modules" / DUCKDB).is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        quietly(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", cache, DUCKDB])


def quietly(command):
    """Runs a command whose failure shows later."""
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
    except OSError:
        pass
