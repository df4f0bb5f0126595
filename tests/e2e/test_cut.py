"""The connection ends at byte N, by FIN or RST: no row of an incomplete output is kept, and a
retry or the next run has them all."""
import pathlib
import signal

import pytest
from program import ENDLESS, Towline, wait_until
from proxy import Proxy

ROWS = 20_000
STREAM = {"table": "t", "primary_key": ["id"],
          "command": f"seq {ROWS} | sed 's/.*/{{\"id\":&,\"v\":\"row &\"}}/'"}


@pytest.fixture(scope="module")
def whole(program, sshd, tmp_path_factory):
    """How many bytes the server sends for a complete sync."""
    directory = tmp_path_factory.mktemp("whole")
    with Proxy(sshd.host, sshd.port) as proxy:
        config = {"ssh_host": "127.0.0.1", "ssh_port": proxy.port, "ssh_user": sshd.user,
                  "ssh_private_key_path": str(sshd.key), "ssh_config": "off",
                  "ssh_known_hosts_path": proxy.known_hosts(sshd, directory / "known_hosts"),
                  "streams": [STREAM]}
        Towline(program, directory)("sync", config=config).expect(0)
        assert proxy.received > ROWS * 10
        return proxy.received


@pytest.fixture
def through(configuration, sshd, tmp_path):
    """through(proxy, ...): the configuration that goes by way of the proxy."""

    def make(proxy, **changes):
        known = proxy.known_hosts(sshd, tmp_path / "known_hosts")
        return configuration(STREAM, ssh_port=str(proxy.port), ssh_known_hosts_path=known,
                             **changes)

    return make


def is_complete(warehouse):
    """Whether exactly the source's rows are there."""
    return warehouse.query("SELECT count(*), sum(id) FROM t WHERE v = 'row ' || id") == \
        [(ROWS, ROWS * (ROWS + 1) // 2)]


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("share", [0, 0.0001, 0.001, 0.004, 0.01, 0.2, 0.5, 0.8, 0.95])
def test_cut_is_a_lost_connection(towline, through, warehouse, sshd, whole, share, reset):
    with Proxy(sshd.host, sshd.port, cuts=[int(whole * share)], reset=reset) as proxy:
        towline("sync", config=through(proxy)).expect(3)
        assert warehouse.count("t") == 0
        towline("sync", config=through(proxy)).expect(0)
    assert is_complete(warehouse)


def test_cut_in_every_part_of_the_handshake(towline, through, sshd):
    """A sanitizer looks at what is left behind."""
    for cut in range(20, 1700, 120):
        with Proxy(sshd.host, sshd.port, cuts=[cut], reset=True) as proxy:
            towline("sync", "--dry-run", config=through(proxy)).expect(3)


@pytest.mark.parametrize("before_end", [1, 30, 60, 100, 200])
def test_cut_near_the_end_is_never_half_a_success(towline, through, warehouse, sshd, whole,
                                                  before_end):
    with Proxy(sshd.host, sshd.port, cuts=[whole - before_end]) as proxy:
        result = towline("sync", config=through(proxy))
    # All may have been said before the cut: then it is a success, and a whole one.
    assert result.code in (0, 3), result
    assert is_complete(warehouse) if result.code == 0 else warehouse.count("t") == 0


def test_retry_completes_the_run(towline, through, warehouse, sshd, whole):
    with Proxy(sshd.host, sshd.port, cuts=[whole // 2, whole // 3]) as proxy:
        towline("sync", config=through(proxy, retry_attempts="5")).expect(0)
        assert proxy.connections >= 3
    assert is_complete(warehouse)


def test_retries_run_out(towline, through, warehouse, sshd, whole):
    with Proxy(sshd.host, sshd.port, cuts=[whole // 2] * 20) as proxy:
        towline("sync", config=through(proxy, retry_attempts="2")).expect(3, "SYNC FAILED")
        assert 2 <= proxy.connections <= 3
    assert warehouse.count("t") == 0


def test_server_killed_in_the_middle(towline, configuration, warehouse, make_sshd, tmp_path):
    server, begun = make_sshd(), tmp_path / "begun"
    stream = {**STREAM, "command":
              f"echo '{{\"id\":1}}'; : >{begun}; {ENDLESS}; echo '{{\"id\":2}}'"}
    process = towline.start("sync", config=configuration(stream, server=server))
    wait_until(begun.exists)
    assert server.drop_connections() > 0
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 3, stderr.decode()
    assert warehouse.count("t") == 0


def client_socket(port):
    """State and unread bytes of the connection to that port of 127.0.0.1, as the client sees it."""
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, _, remote, state, queues, *_ = line.split()
        if remote == f"0100007F:{port:04X}" and state != "06":
            return state, int(queues.partition(":")[2], 16)
    return "", 0


def test_an_end_that_comes_with_the_last_bytes_is_noticed(towline, configuration, make_sshd,
                                                          tmp_path):
    """The bytes are the server's question whether we live: they are no output. No sign of life is
    asked for, so that nothing else would wake the program."""
    server, begun = make_sshd(config=["ClientAliveInterval 1", "ClientAliveCountMax 60"]), \
        tmp_path / "begun"
    stream = {**STREAM, "command": f": >{begun}; sleep 100"}
    process = towline.start("sync", config=configuration(stream, server=server,
                                                         ssh_keepalive_interval="3600"))
    wait_until(begun.exists)
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: client_socket(server.port)[1] > 0)
    assert server.drop_connections() > 0
    wait_until(lambda: client_socket(server.port)[0] == "08")
    process.send_signal(signal.SIGCONT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 3, stderr.decode()
