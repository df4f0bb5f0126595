"""The tunnel that sources and destinations share: each kind of way, used by curl."""
import http.server
import pathlib
import threading

import pytest
from program import wait_until
from tunnels import Tunnel


@pytest.fixture(scope="module")
def web():
    """A server whose pages say which name was asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers with the Host header."""

        def do_GET(self):
            """Any page."""
            body = self.headers["Host"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):  # pylint: disable=arguments-differ
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_ssh_gives_a_private_socket(tunnel_end, web):
    end = tunnel_end("ssh", "localhost", web)
    assert end.get().stdout == f"localhost:{web}"
    assert pathlib.Path(end.folder).stat().st_mode & 0o777 == 0o700
    assert pathlib.Path(end.path).name == f".s.PGSQL.{web}"
    assert end.close() == ""
    assert not pathlib.Path(end.folder).exists()


def test_ssh_gives_a_port_where_one_is_wanted(tunnel_end, web):
    end = tunnel_end("ssh", "localhost", web, wants_port=True)
    assert (end.path, end.address, end.verify) == ("", "127.0.0.1", "localhost")
    assert end.port != web
    assert end.get().stdout == f"localhost:{end.port}"


def test_many_connections_share_a_tunnel(tunnel_end, make_sshd, web):
    server = make_sshd()
    end = tunnel_end("ssh", "localhost", web, server=server)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(end.get().stdout))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [f"localhost:{web}"] * 20
    assert server.sessions() <= 4  # more than one only where that one was slow


def test_direct_needs_no_server(tunnel_end, web):
    end = tunnel_end("direct", "127.0.0.1", web, server=None)
    assert (end.path, end.address, end.verify) == ("", "127.0.0.1", "127.0.0.1")
    assert end.get().stdout == f"127.0.0.1:{web}"


def test_private_connects_here_and_verifies_there(tunnel_end, web):
    end = tunnel_end("private", "db.example", web, endpoint="127.0.0.1", server=None)
    assert (end.address, end.verify) == ("127.0.0.1", "db.example")
    assert end.get().stdout == f"db.example:{web}"


def test_reverse_leads_to_the_port_that_the_far_side_opened(tunnel_end, towline, configuration,
                                                            web):
    config = configuration()
    del config["streams"]
    with Tunnel(towline, "-R", f"127.0.0.1:{web}", config=config) as far_side:
        end = tunnel_end("reverse", "db.example", 5432, endpoint_port=far_side.port)
        assert end.get().stdout == f"db.example:{far_side.port}"


def test_a_lost_session_is_opened_again(tunnel_end, make_sshd, web):
    server = make_sshd()
    end = tunnel_end("ssh", "localhost", web, server=server)
    assert end.get().returncode == 0
    server.drop_connections()
    wait_until(lambda: end.get().returncode == 0)


def test_why_a_connection_failed_is_known(tunnel_end, make_sshd, web):
    end = tunnel_end("ssh", "127.0.0.1", 1)
    assert end.get().returncode != 0
    assert "the server cannot reach 127.0.0.1 port 1" in end.close()
    server = make_sshd(config=["AllowTcpForwarding no"])
    end = tunnel_end("ssh", "127.0.0.1", web, server=server)
    assert end.get().returncode != 0
    assert "the server opens no channel" in end.close()


def test_a_server_that_is_gone_for_good_ends_it(tunnel_end, make_sshd, web):
    server = make_sshd()
    end = tunnel_end("ssh", "localhost", web, server=server)
    server.change_host_key()  # and restarts: what answers now is not trusted
    wait_until(lambda: not pathlib.Path(end.path).exists())
    assert "host key" in end.close()


@pytest.mark.parametrize("arguments, options, says", [
    (("ssh", "", 80), {}, "a host and a port"),
    (("ssh", "db", 0), {}, "a host and a port"),
    (("ssh", "db", 80), {"server": None}, "an SSH host"),
    (("reverse", "db", 80), {}, "its port on the SSH host"),
    (("private", "db", 80), {}, "the endpoint"),
])
def test_what_does_not_go_together_is_refused(tunnel_end, arguments, options, says):
    code, message = tunnel_end(*arguments, **options)
    assert code == 2 and says in message
