"""A real PostgreSQL behind the SSH host, reached by psql through each kind of tunnel."""
import hashlib
import os
import subprocess
import threading

import pytest
from postgresql import PASSWORD, Postgresql
from services import Authority
from tunnels import Tunnel

NAME = "db.example"  # in the certificate, and in no DNS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Who vouches for the server."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def database(authority):
    """A server whose certificate is one for db.example and localhost."""
    with Postgresql(*authority.certify(f"DNS:{NAME},DNS:localhost")) as server:
        yield server


@pytest.fixture
def local(towline, configuration, database):
    """A port of this machine that leads to the server."""
    config = configuration()
    del config["streams"]
    with Tunnel(towline, "-L", f"127.0.0.1:{database.port}", config=config) as tunnel:
        yield tunnel


@pytest.fixture
def psql(authority):
    """psql(port, command, ..., host=name, hostaddr=address, sslmode=...) -> the finished process.
    TLS is verified against host, whatever is connected to."""

    def run(port, *commands, **changes):
        words = {"host": NAME, "hostaddr": "127.0.0.1", "port": port, "user": "towline",
                 "dbname": "towline", "sslmode": "verify-full",
                 "sslrootcert": authority.certificate, **changes}
        target = " ".join(f"{key}={value}" for key, value in words.items() if value is not None)
        options = [word for command in commands for word in ("-c", command)]
        return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *options, target],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=120, env={**os.environ, "PGPASSWORD": PASSWORD})

    return run


IS_TLS = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def text(result):
    """What psql printed; fails if it failed."""
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode().strip()


def test_bytes_are_exact_both_ways_with_tls_inside(local, psql, tmp_path):
    data = "".join(f"{i}\t{hashlib.sha256(b'%d' % i).hexdigest() * 4}\n" for i in range(40_000))
    path, back = tmp_path / "rows", tmp_path / "back"
    path.write_text(data, encoding="ascii")
    out = psql(local.port, IS_TLS, "CREATE TABLE t (id int PRIMARY KEY, v text)",
               f"\\copy t FROM '{path}'", "SELECT md5(string_agg(v, '' ORDER BY id)) FROM t",
               f"\\copy (SELECT * FROM t ORDER BY id) TO '{back}'", "DROP TABLE t")
    values = "".join(line.split("\t")[1] for line in data.splitlines())
    assert text(out).splitlines() == ["t", hashlib.md5(values.encode()).hexdigest()]
    assert back.read_text(encoding="ascii") == data


@pytest.mark.parametrize("changes, why", [
    ({"host": "other.example"}, "does not match host name"),
    ({"sslrootcert": "/etc/ssl/certs/ca-certificates.crt"}, "certificate verify failed"),
])
def test_another_server_is_noticed_through_the_tunnel(local, psql, changes, why):
    result = psql(local.port, "SELECT 1", **changes)
    assert result.returncode == 2 and why in result.stderr.decode()


def test_forty_sessions_that_wait_for_each_other(local, psql):
    text(psql(local.port, "CREATE TABLE here (id int)"))
    wait = "DO $$ BEGIN WHILE (SELECT count(*) FROM here) < 40 LOOP PERFORM pg_sleep(0.05); " \
           "END LOOP; END $$"
    answers = []

    def one(number):
        result = psql(local.port, f"INSERT INTO here VALUES ({number})", wait,
                      f"SELECT repeat('{number % 10}', 300000)")
        answers.append(text(result) == str(number % 10) * 300_000)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 40
    text(psql(local.port, "DROP TABLE here"))


def test_a_session_that_is_cancelled_leaves_the_tunnel_to_others(local, psql):
    result = psql(local.port, "SET statement_timeout = 200", "SELECT pg_sleep(60)")
    assert result.returncode == 1 and "statement timeout" in result.stderr.decode()
    killed = psql(local.port, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert killed.returncode == 2
    assert text(psql(local.port, "SELECT 1")) == "1"


# -- the tunnel object, as a destination will use it ---------------------------------------------

def test_over_a_port_of_the_loopback_address(tunnel_end, psql, database):
    end = tunnel_end("ssh", "localhost", database.port, wants_port=True)
    out = psql(end.port, IS_TLS, host=end.verify, hostaddr=end.address)
    assert text(out) == "t"


def test_over_a_socket_in_a_private_folder(tunnel_end, psql, database):
    end = tunnel_end("ssh", "localhost", database.port)
    # libpq speaks no TLS over such a socket: from the SSH host on it is clear text.
    out = psql(end.port, IS_TLS, host=end.folder, hostaddr=None, sslmode="prefer")
    assert text(out) == "f"


def test_a_private_endpoint(tunnel_end, psql, database):
    end = tunnel_end("private", NAME, 5432, endpoint="127.0.0.1", endpoint_port=database.port,
                     server=None)
    assert text(psql(end.port, IS_TLS, host=end.verify, hostaddr=end.address)) == "t"


def test_behind_a_port_that_the_far_side_opened(tunnel_end, towline, configuration, psql,
                                                database):
    config = configuration()
    del config["streams"]
    with Tunnel(towline, "-R", f"127.0.0.1:{database.port}", config=config) as far_side:
        end = tunnel_end("reverse", NAME, 5432, endpoint_port=far_side.port, wants_port=True)
        assert end.verify == NAME
        assert text(psql(end.port, IS_TLS, host=end.verify, hostaddr=end.address)) == "t"
