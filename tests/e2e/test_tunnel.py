"""towline tunnel -L: bytes exact, many connections at once, and every way it can fail."""
import hashlib
import os
import signal
import socket

import pytest
from tunnels import Server, Tunnel, digest, echo, exchange, exchange_many


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


def test_bytes_are_exact_in_both_directions(tunnel, echo_server):
    data = os.urandom(30_000_000)
    assert exchange(tunnel("-L", f"127.0.0.1:{echo_server.port}").port, data) == data


def test_sixty_connections_at_once(tunnel, echo_server):
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}")
    assert exchange_many(local.port, 60, 200_000) == 60


def test_the_end_of_one_direction_is_passed_on(tunnel):
    data = os.urandom(1_000_000)
    with Server(digest) as server:
        local = tunnel("-L", f"127.0.0.1:{server.port}")
        assert exchange(local.port, data) == hashlib.sha256(data).hexdigest().encode()


def test_several_tunnels_with_ports_of_ones_choice(tunnel, echo_server):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        wanted = probe.getsockname()[1]
    local = tunnel("-L", f"{wanted}:127.0.0.1:{echo_server.port}",
                   "-L", f"localhost:{echo_server.port}", ends=2)
    assert local.ports[0] == wanted
    assert [exchange(port, b"hello") for port in local.ports] == [b"hello"] * 2


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_it_ends_when_told_to(tunnel, echo_server, number, code):
    local = tunnel("-L", f"127.0.0.1:{echo_server.port}")
    with socket.create_connection(("127.0.0.1", local.port)) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        assert local.stop(number)[0] == code
