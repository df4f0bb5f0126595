"""towline tunnel: bytes exact, many connections at once, and every way it can fail."""
import hashlib
import json
import os
import resource
import select
import signal
import socket
import time

import pytest
from program import wait_until
from sshd import free_port
from tunnels import Server, Tunnel, digest, echo, exchange, exchange_many, hang_up, silent_port


@pytest.fixture(scope="module")
def echo_server():
    """Sends back what it gets."""
    with Server(echo) as server:
        yield server


@pytest.fixture
def tunnel(towline, configuration):
    """tunnel("-L", ..., server=sshd): a tunnel that runs until the test ends."""
    running = []

    def make(*arguments, ends=1, server=None, env=None, **changes):
        config = configuration(server=server, **changes)
        del config["streams"]
        running.append(Tunnel(towline, *arguments, config=config, ends=ends, env=env))
        return running[-1]

    yield make
    for each in running:
        each.__exit__()


@pytest.fixture
def try_tunnel(towline, configuration):
    """A tunnel that is expected to end by itself: its Result."""

    def run(*arguments, server=None, **changes):
        config = configuration(server=server, **changes)
        del config["streams"]
        return towline("tunnel", *arguments, config=config)

    return run


# -- bytes ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("direction", ["-L", "-R"])
def test_bytes_are_exact_in_both_directions(tunnel, echo_server, direction):
    data = os.urandom(30_000_000)
    assert exchange(tunnel(direction, f"127.0.0.1:{echo_server.port}").port, data) == data


def test_bytes_go_on_after_keys_are_exchanged_anew(tunnel, make_sshd):
    """Only one side speaks, so that nothing else moves the bytes that waited for the keys."""
    server, data = make_sshd(config=["RekeyLimit 700K"]), os.urandom(60_000_000)
    with Server(digest) as target:
        port = tunnel("-L", f"127.0.0.1:{target.port}", server=server,
                      ssh_keepalive_interval="0").port
        assert exchange(port, data).decode() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("direction", ["-L", "-R"])
def test_sixty_connections_at_once(tunnel, echo_server, direction):
    end = tunnel(direction, f"127.0.0.1:{echo_server.port}")
    assert exchange_many(end.port, 60, 200_000) == 60


@pytest.mark.parametrize("direction", ["-L", "-R"])
def test_the_end_of_one_direction_is_passed_on(tunnel, direction):
    data = os.urandom(1_000_000)
    with Server(digest) as server:
        end = tunnel(direction, f"127.0.0.1:{server.port}")
        assert exchange(end.port, data) == hashlib.sha256(data).hexdigest().encode()


def test_a_far_side_that_ends_first_still_gets_everything(tunnel):
    got = []

    def speak_first(connection):
        connection.sendall(b"bye")
        connection.shutdown(socket.SHUT_WR)
        got.append(connection.recv(100_000, socket.MSG_WAITALL))

    with Server(speak_first) as server:
        local = tunnel("-L", f"127.0.0.1:{server.port}")
        with socket.create_connection(("127.0.0.1", local.port)) as connection:
            assert connection.recv(10) == b"bye"
            assert connection.recv(10) == b""
            connection.sendall(b"x" * 100_000)
            wait_until(lambda: got)
    assert got == [b"x" * 100_000]


def test_a_hundred_connections_through_a_bastion_with_default_limits(tunnel, make_sshd,
                                                                     echo_server):
    bastion = make_sshd(config=["MaxSessions 10", "MaxStartups 10:30:100"])
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}", server=bastion)
    assert exchange_many(local.port, 100, 50_000) == 100


def test_a_reader_that_stops_holds_up_nobody_and_fills_no_memory(tunnel, echo_server, program):
    def pour(connection):
        while True:
            connection.sendall(bytes(1 << 20))

    with Server(pour) as server:
        local = tunnel("-L", f"127.0.0.1:{server.port}", "-L", f"127.0.0.1:{echo_server.port}",
                       ends=2)
        stalled = [socket.create_connection(("127.0.0.1", local.ports[0])) for _ in range(10)]
        wait_until(lambda: server.connections == len(stalled))
        assert exchange_many(local.ports[1], 5, 1_000_000) == 5
        # A sanitizer keeps freed memory aside.
        assert local.memory_mib() < (256 if "asan" in str(program) else 64)
        wait_until(lambda: local.cpu_share(0.5) < 0.2, "somebody spins")
        for connection in stalled:
            connection.close()


def test_files_that_run_out_make_connections_wait(tunnel, echo_server):
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}")
    resource.prlimit(local.process.pid, resource.RLIMIT_NOFILE, (20, 20))
    assert exchange_many(local.port, 60, 100_000) == 60
    assert "may open no more files" in local.stop()[1]


def test_several_tunnels_with_ports_of_ones_choice(tunnel, echo_server):
    wanted = free_port()
    local = tunnel("-L", f"{wanted}:127.0.0.1:{echo_server.port}",
                   "-L", f"localhost:{echo_server.port}",
                   "-R", f"localhost:{echo_server.port}", ends=3)
    assert local.ports[0] == wanted
    assert [exchange(port, b"hello") for port in local.ports] == [b"hello"] * 3


def test_through_a_jump_host(tunnel, sshd, make_sshd, echo_server):
    bastion = make_sshd()
    jump = {"ssh_host": bastion.host, "ssh_port": bastion.port, "ssh_user": bastion.user,
            "ssh_private_key_path": str(bastion.key),
            "ssh_known_hosts_path": str(bastion.known_hosts)}
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}", "-R", f"127.0.0.1:{echo_server.port}",
                   ends=2, ssh_jump=[jump])
    data = os.urandom(5_000_000)
    assert exchange(local.ports[0], data) == data
    assert exchange(local.ports[1], data) == data
    assert exchange_many(local.ports[0], 20, 100_000) == 20


# -- life ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_it_ends_when_told_to(tunnel, echo_server, tmp_path, number, code):
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}", "--health", "health.json")
    with socket.create_connection(("127.0.0.1", local.port)) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        result = local.stop(number)
        assert result[0] == code and "told to end" in result[1] and "ERROR" not in result[1]
    assert json.loads((tmp_path / "health.json").read_text())["state"] == "stopped"


def test_a_health_file_is_no_reason_to_end(tunnel, try_tunnel, echo_server, tmp_path):
    folder = tmp_path / "health"
    target = f"127.0.0.1:{echo_server.port}"
    result = try_tunnel("-L", target, "--health", folder / "file").expect(2, "health file")
    assert "WARNING" not in result.stderr
    folder.mkdir()
    local = tunnel("-L", target, "--health", folder / "file")
    wait_until((folder / "file").exists)
    folder.rename(tmp_path / "elsewhere")  # at once: the file is replaced meanwhile
    assert exchange(local.port, b"still there") == b"still there"
    code, stderr = local.stop()
    assert code == 143 and stderr.count("cannot write the health file") == 1


@pytest.mark.parametrize("direction", ["-L", "-R"])
def test_a_lost_connection_is_made_again(tunnel, make_sshd, echo_server, tmp_path, direction):
    server = make_sshd()
    end = tunnel(direction, f"127.0.0.1:{echo_server.port}", "--health", "health.json",
                 server=server)
    with socket.create_connection(("127.0.0.1", end.port)) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        server.drop_connections()
        if direction == "-L":  # what was cut short does not look like an end
            with pytest.raises(ConnectionResetError):
                connection.recv(1)

    def works():
        try:
            return exchange(end.port, b"again") == b"again"
        except OSError:
            return False

    wait_until(works)
    health = json.loads((tmp_path / "health.json").read_text())
    assert health["state"] == "up" and health["reconnects"] >= 1
    assert health["last_error"]["code"] == 3


def test_connections_wait_in_line_while_there_is_no_session(tunnel, make_sshd, echo_server):
    server = make_sshd()
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}", server=server)
    server.drop_connections()
    time.sleep(0.2)
    assert exchange(local.port, b"patience") == b"patience"


def test_a_silent_server_is_noticed(tunnel, make_sshd, echo_server, tmp_path):
    server = make_sshd()
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}", "--health", "health.json",
                   server=server, ssh_keepalive_interval="1")
    time.sleep(3)  # the server answers: no loss
    health = json.loads((tmp_path / "health.json").read_text())
    assert (health["state"], health["last_error"]) == ("up", None)
    server.freeze()
    try:
        wait_until(lambda: json.loads((tmp_path / "health.json").read_text())["state"] != "up")
    finally:
        server.thaw()
    assert exchange(local.port, b"again") == b"again"


def test_systemd_is_told(tunnel, echo_server, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / "notify"))
        notify.settimeout(60)
        local = tunnel("-R", f"127.0.0.1:{echo_server.port}", "--health", "health.json",
                       env={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"})
        assert json.loads((tmp_path / "health.json").read_text())["state"] == "up"
        told = [notify.recv(1000).decode() for _ in range(4)]
        assert "READY=1" in "\n".join(told).split("\n")
        assert sum(text == "WATCHDOG=1" for text in told) >= 2
        local.process.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in notify.recv(1000).decode():
            pass


# -- failures ------------------------------------------------------------------------------------

def test_a_port_that_is_taken(try_tunnel, echo_server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        try_tunnel("-L", f"{port}:127.0.0.1:{echo_server.port}").expect(
            2, f"127.0.0.1 port {port}", "in use", "ss -ltnp")
        try_tunnel("-R", f"127.0.0.1:{port}:127.0.0.1:{echo_server.port}").expect(
            3, "refuses to listen", str(port))


@pytest.mark.parametrize("lines, arguments", [
    (["AllowTcpForwarding no"], ["-L"]),
    (["AllowTcpForwarding no"], ["-R"]),
    (["AllowTcpForwarding remote"], ["-L"]),
    (["AllowTcpForwarding local"], ["-R"]),
    (["PermitOpen 127.0.0.1:1"], ["-L"]),
    (["PermitListen 127.0.0.1:1"], ["-R"]),
])
def test_forwarding_that_the_server_forbids_ends_the_tunnel(tunnel, try_tunnel, make_sshd,
                                                            echo_server, lines, arguments):
    server = make_sshd(config=lines)
    if arguments == ["-R"]:
        result = try_tunnel("-R", f"127.0.0.1:{echo_server.port}", server=server)
        result.expect(3, "refuses to listen", "AllowTcpForwarding")
        return
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}", server=server)
    with socket.create_connection(("127.0.0.1", local.port)) as connection:
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    code, log = local.wait()
    assert code == 3
    assert "AllowTcpForwarding and PermitOpen" in log


def test_a_target_that_is_down_costs_its_connections_only(tunnel, echo_server, closed_port):
    local = tunnel("-L", f"127.0.0.1:{closed_port}", "-L", f"127.0.0.1:{echo_server.port}", ends=2)
    with socket.create_connection(("127.0.0.1", local.ports[0])) as connection:
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert exchange(local.ports[1], b"fine") == b"fine"
    code, log = local.stop()
    assert code == 143
    assert f"cannot reach 127.0.0.1 port {closed_port}" in log


def test_a_local_target_that_is_down(tunnel, echo_server, closed_port):
    end = tunnel("-R", f"127.0.0.1:{closed_port}", "-R", f"127.0.0.1:{echo_server.port}", ends=2)
    with socket.create_connection(("127.0.0.1", end.ports[0])) as connection:
        assert connection.recv(1) == b""
    assert exchange(end.ports[1], b"fine") == b"fine"
    assert f"127.0.0.1 port {closed_port}: Connection refused" in end.stop()[1]


def test_a_local_target_that_does_not_answer(tunnel, echo_server):
    with silent_port() as (host, port):
        end = tunnel("-R", f"{host}:{port}", "-R", f"127.0.0.1:{echo_server.port}", ends=2)
        with socket.create_connection(("127.0.0.1", end.ports[0])) as waiting:
            waiting.sendall(b"hello?")
            assert exchange(end.ports[1], b"fine") == b"fine"
            wait_until(lambda: end.cpu_share(0.5) < 0.2, "somebody spins")


def test_a_target_that_hangs_up(tunnel):
    with Server(hang_up) as server:
        local = tunnel("-L", f"127.0.0.1:{server.port}")
        with socket.create_connection(("127.0.0.1", local.port)) as connection:
            try:
                assert connection.recv(1) == b""
            except ConnectionResetError:
                pass


def test_a_target_that_does_not_answer_holds_up_nobody_else(tunnel, echo_server):
    with silent_port() as (host, port):
        local = tunnel("-L", f"{host}:{port}", "-L", f"127.0.0.1:{echo_server.port}", ends=2)
        waiting = [socket.create_connection(("127.0.0.1", local.ports[0])) for _ in range(5)]
        assert exchange_many(local.ports[1], 20, 10_000) == 20
        # Those who came first are not served, nor given up, yet.
        assert select.select(waiting, [], [], 0)[0] == []
        for connection in waiting:
            connection.close()


def test_what_is_no_tunnel_is_wrong_usage(try_tunnel):
    try_tunnel().expect(2, "-L", "-R")
    try_tunnel("-L", "5432").expect(2, "HOST:HOSTPORT")
    try_tunnel("-L", "db:5432", ssh_host=None).expect(2, "ssh_host is missing")
    try_tunnel("-L", "99999:db:5432").expect(2, "PORT is not a port number")
    try_tunnel("-L", "203.0.113.1:0:db:5432").expect(2, "203.0.113.1")
    try_tunnel("-L", "db:5432", "--health", "/nowhere/health.json").expect(2, "health file")


def test_a_target_that_has_no_address(try_tunnel):
    result = try_tunnel("-R", "0:nowhere.invalid:1", retry_attempts="0").expect(3, "nowhere.invalid")
    assert "ssh_host" not in result.stderr


def test_a_host_that_looks_like_an_option_is_refused(try_tunnel):
    for keys in ({"ssh_host": "-oProxyCommand=x"}, {"ssh_jump": [{"ssh_host": "-oProxyCommand=x"}]}):
        result = try_tunnel("-L", "db:1", "--explain", **keys).expect(2, "begins with -")
        assert result.stdout == ""


def test_other_addresses_only_on_demand_and_with_a_warning(tunnel, echo_server):
    open_to_all = tunnel("-L", f"*:0:127.0.0.1:{echo_server.port}")
    assert exchange(open_to_all.port, b"x", host="127.0.0.2") == b"x"
    assert "WARNING whoever reaches this machine" in open_to_all.stop()[1]
    private = tunnel("-L", f"127.0.0.1:{echo_server.port}")
    with pytest.raises(ConnectionRefusedError):
        exchange(private.port, b"x", host="127.0.0.2")


def test_what_only_a_sync_needs_may_be_missing(towline, configuration):
    absent = {"env": "TOWLINE_TEST_ABSENT"}
    config = configuration({"table": "t", "command": absent, "stdin": {"file": "/nowhere"}},
                           destination=absent)
    towline("tunnel", "--explain", "-L", "5432:db:5432", config=config).expect(0)
    config["ssh_user"] = absent
    towline("tunnel", "--explain", "-L", "5432:db:5432", config=config).expect(
        2, "ssh_user", "TOWLINE_TEST_ABSENT")


def test_explain_says_it_in_the_words_of_others(try_tunnel, sshd):
    result = try_tunnel("--explain", "-L", "5432:db:5432", "-R", "9000:localhost:80",
                        "-R", "[::1]:9001:[fd00::5]:80").expect(0)
    for text in ("ExitOnForwardFailure=yes", "ServerAliveCountMax=1", "autossh -M 0",
                 "-L 127.0.0.1:5432:db:5432", "-R localhost:9000:localhost:80", "Type=notify",
                 "SuccessExitStatus=130 143", "Source port [::1]:9001, Destination [fd00::5]:80, Remote",
                 "Source port 5432, Destination db:5432, Local", "plink", f"-i {sshd.key}"):
        assert text in result.stdout
