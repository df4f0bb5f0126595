"""Networks and servers that fail and come back: what passes is tried again, what was committed
is not asked for twice, and nothing is lost."""
import socket
import threading
import time

import pytest
from proxy import Proxy
from sshd import Sshd

# Says which row it was asked to go on from, and prints slowly enough to be cut in the middle.
ORDERED = {
    "table": "t", "primary_key": ["id"], "cursor": "id", "cursor_start": "0",
    "ordered": True, "checkpoint_rows": 500,
    "command": "echo from {{cursor}} >&2; "
               "seq {{cursor}} 20000 | sed 's/.*/{\"id\":&,\"v\":\"row &\"}/'",
}


def from_where(stderr):
    """The cursors that the remote command was started with."""
    return [int(line.rsplit("from ", 1)[1]) for line in stderr.splitlines()
            if "stderr: from " in line]


@pytest.fixture
def through(configuration, sshd, tmp_path):
    """through(proxy, stream, ...): the configuration that goes by way of the proxy."""

    def make(proxy, *streams, **changes):
        known = proxy.known_hosts(sshd, tmp_path / "known_hosts")
        return configuration(*streams, ssh_port=str(proxy.port), ssh_known_hosts_path=known,
                             **changes)

    return make


def test_an_ordered_stream_resumes_after_each_cut(towline, through, warehouse, sshd):
    with Proxy(sshd.host, sshd.port, cuts=[150_000, 180_000, 100_000]) as proxy:
        result = towline("sync", config=through(proxy, ORDERED, retry_attempts="5")).expect(0)
        assert proxy.connections == 4
    cursors = from_where(result.stderr)
    assert cursors[0] == 0 and cursors == sorted(set(cursors)), result
    assert warehouse.query("SELECT count(*), sum(id), min(id), max(id) FROM t "
                           "WHERE v = 'row ' || id") == [(20001, 200010000, 0, 20000)]
    assert "retry 1 of 5" in result.stderr


def test_progress_earns_further_attempts(towline, through, warehouse, sshd):
    with Proxy(sshd.host, sshd.port, cuts=[100_000] * 4) as proxy:
        result = towline("sync", config=through(proxy, ORDERED, retry_attempts="1")).expect(0)
    assert result.stderr.count("retry 1 of 1") == 4
    assert warehouse.count("t") == 20001


def test_without_progress_attempts_run_out(towline, through, sshd):
    with Proxy(sshd.host, sshd.port, cuts=[3000] * 9) as proxy:
        result = towline("sync", config=through(proxy, ORDERED, retry_attempts="2")).expect(3)
        assert proxy.connections == 3
    assert "retry 1 of 2" in result.stderr and "retry 2 of 2" in result.stderr
    assert "retry 3" not in result.stderr


def test_a_server_that_comes_back(towline, configuration, make_sshd, warehouse):
    server = make_sshd()
    server.halt()
    server.wanted_port = server.port
    threading.Timer(1.5, server.start).start()
    stream = {"table": "t", "primary_key": ["id"], "command": "echo '{\"id\":1}'"}
    towline("sync", config=configuration(stream, server=server, retry_attempts="8")).expect(
        0, "refused", "retry 1 of 8")
    assert warehouse.count("t") == 1


def test_a_server_too_busy_for_another_connection(towline, configuration, make_sshd, warehouse):
    server = make_sshd(config=["MaxStartups 1:100:1"])
    stream = {"table": "t", "primary_key": ["id"], "command": "echo '{\"id\":1}'"}
    waiting = socket.create_connection((server.host, server.port))
    while waiting.recv(4) != b"SSH-":  # the fixture's own connection may still count
        waiting.close()
        time.sleep(0.1)
        waiting = socket.create_connection((server.host, server.port))
    threading.Timer(1.5, waiting.close).start()
    towline("sync", config=configuration(stream, server=server, retry_attempts="8")).expect(
        0, "retry 1 of 8")
    assert warehouse.count("t") == 1


@pytest.mark.parametrize("sessions", [1, 2])
def test_all_streams_share_one_connection(towline, configuration, warehouse, sessions):
    streams = [{"table": f"t{n}", "primary_key": ["id"], "command": f"echo '{{\"id\":{n}}}'"}
               for n in range(5)]
    with Sshd(config=[f"MaxSessions {sessions}"]) as server:
        towline("sync", config=configuration(*streams, server=server)).expect(0)
        assert server.log().count("Accepted publickey") == 1
    assert [warehouse.count(f"t{n}") for n in range(5)] == [1] * 5


def test_a_login_refused_is_not_tried_again(towline, configuration, make_sshd):
    server = make_sshd()
    key = server.make_key("id_stranger", authorize=False)
    stream = {"table": "t", "primary_key": ["id"], "command": "true"}
    towline("sync", config=configuration(stream, server=server, retry_attempts="5",
                                         ssh_private_key_path=str(key))).expect(5)
    assert server.log().count("Failed publickey") == 1


class StallingProxy(Proxy):
    """Passes that many bytes of the server's on, then nothing more, and keeps the connection."""

    def __init__(self, *arguments, **options):
        self.stalled = []
        super().__init__(*arguments, **options)

    def _downstream(self, client, server, limit):
        passed = 0
        while passed < limit:
            data = server.recv(min(65536, limit - passed))
            client.sendall(data)
            passed += len(data)
        self.stalled.append((client, server))


@pytest.mark.parametrize("passed", [10, 800, 200_000])
def test_a_network_that_swallows_everything_is_noticed(towline, through, sshd, passed):
    with StallingProxy(sshd.host, sshd.port, cuts=[passed]) as proxy:
        towline("sync", config=through(
            proxy, {**ORDERED, "ordered": False}, ssh_keepalive_interval="1",
            ssh_connect_timeout="3")).expect(3)


@pytest.mark.parametrize("speech", [
    b"x" * 1_000_000,
    b"SSH-2.0-\x1b[31mred\x07\r\n",
    b"SSH-2.0-test\r\n" + b"\0" * 200_000,
    b"".join(b"line %d\r\n" % n for n in range(100_000)),
    b"SSH-1.5-old\r\n",
], ids=["megabyte", "escapes", "zeros", "lines", "old"])
def test_a_server_that_speaks_strangely(towline, configuration, speech):
    listener = socket.create_server(("127.0.0.1", 0))

    def speak():
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(speech)
                while connection.recv(65536):
                    pass
            except OSError:
                pass

    threading.Thread(target=speak, daemon=True).start()
    stream = {"table": "t", "primary_key": ["id"], "command": "true"}
    result = towline("sync", config=configuration(
        stream, ssh_port=listener.getsockname()[1], ssh_connect_timeout="3")).expect(3)
    listener.close()
    assert "\x1b" not in result.stderr + result.stdout
