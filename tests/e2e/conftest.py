"""What the end-to-end tests share: servers, the program, and the database it fills."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "fixtures"))

from program import LoginUser, PlaygroundProcess, Towline  # noqa: E402
from sshd import Sshd  # noqa: E402
from tunnels import End  # noqa: E402
from warehouse import Warehouse  # noqa: E402


@pytest.fixture(scope="session")
def program():
    """The program under test: $TOWLINE, or that of the release build."""
    path = pathlib.Path(os.environ.get("TOWLINE", ROOT / "build" / "towline"))
    if not path.exists():
        pytest.exit(f"{path} does not exist: build it, or say where it is with TOWLINE", 2)
    return path


@pytest.fixture(scope="session")
def own_libssh2(program):
    """Whether the program has the libssh2 that is built with it, patches and all."""
    return "[libssh2." not in subprocess.run(["readelf", "-d", program], check=True,
                                             capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def sshd():
    """A server for all tests that only use it."""
    with Sshd() as server:
        yield server


@pytest.fixture
def make_sshd():
    """make_sshd(config=[...]) starts a server for one test, which may do to it what it likes."""
    servers = []

    def make(**options):
        servers.append(Sshd(**options))
        return servers[-1].start()

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def playground():
    """The playground with the data of seed 7."""
    with PlaygroundProcess("--seed", "7") as process:
        yield process


@pytest.fixture
def make_playground():
    """make_playground("--rate-limit", ...) starts one for one test."""
    processes = []

    def make(*options):
        processes.append(PlaygroundProcess(*options))
        return processes[-1]

    yield make
    for process in processes:
        process.stop()


@pytest.fixture
def configuration(sshd):
    """configuration(stream, ..., key=value, ...) for the shared server; a value None leaves the
    key out, `server` takes another server."""

    def make(*streams, server=None, **changes):
        server = server or sshd
        keys = {
            "ssh_host": server.host,
            "ssh_port": str(server.port),
            "ssh_user": server.user,
            "ssh_private_key_path": str(server.key),
            "ssh_known_hosts_path": str(server.known_hosts),
            "ssh_config": "off",
            "retry_attempts": "0",
            "streams": list(streams),
            **changes,
        }
        return {key: value for key, value in keys.items() if value is not None}

    return make


@pytest.fixture
def towline(program, tmp_path):
    """Runs the program in the test's own directory; see program.Towline."""
    return Towline(program, tmp_path)


@pytest.fixture
def warehouse(tmp_path):
    """The database that `sync` fills when no destination is named."""
    return Warehouse(tmp_path / "warehouse.db")


@pytest.fixture
def peak(program, towline):
    """peak(config, option, ...) -> (exit code, stderr, the largest resident size of the sync in
    KiB)."""
    if "fsanitize" in (program.parent / "CMakeCache.txt").read_text():
        pytest.skip("a sanitizer has a memory of its own")

    def run(config, *options):
        process = towline.start("sync", *options, config=config)
        output = []
        reader = threading.Thread(target=lambda: output.append(process.stderr.read()))
        silence = threading.Thread(target=process.stdout.read)
        reader.start()
        silence.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        reader.join()
        silence.join()
        return process.returncode, output[0].decode(errors="replace"), usage.ru_maxrss

    return run


@pytest.fixture
def silent_port():
    """A port of 127.0.0.1 that swallows who connects, as firewalls do: its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        yield full.getsockname()[1]
        for one in waiting:
            one.close()


@pytest.fixture
def closed_port():
    """A port of 127.0.0.1 that refuses who connects: it is held, so that nobody gets it, but no
    one listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def login_user():
    """login_user("/usr/bin/zsh", files={".bashrc": text}) makes an account; root only."""
    if os.geteuid() != 0:
        pytest.skip("making accounts takes root")
    users = []

    def make(shell="/bin/sh", files=None, password=None):
        if not shutil.which(shell):
            pytest.fail(f"{shell} is not installed")
        users.append(LoginUser(shell, files or {}, password))
        return users[-1].name

    yield make
    for user in users:
        user.remove()


@pytest.fixture
def tunnel_end(program, sshd):
    """tunnel_end("ssh", host, port, ...) opens one; it is closed when the test ends."""
    running = []

    def make(kind, host, port, endpoint="", endpoint_port=0, wants_port=False, server=sshd):
        way = [server.host, server.port, server.key, server.known_hosts] if server else [""] * 4
        command = [program.parent / "tunnel_end", kind, host, port, endpoint, endpoint_port,
                   int(wants_port), *way]
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "HOME": "/nowhere"})
        running.append(process)
        lines = [process.stdout.readline().rstrip("\n") for _ in range(5)]
        if not lines[4]:
            process.wait(60)
            return process.returncode, process.stderr.read()
        return End(process, *lines[:3], int(lines[3]), lines[4])

    yield make
    for process in running:
        process.communicate(timeout=60)  # ends its input, and so the tunnel, which clears up
