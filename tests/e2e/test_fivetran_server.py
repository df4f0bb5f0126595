"""The Fivetran front end as a server: bad calls, calls that end early, signals, the command line."""
import fcntl
import gzip
import json
import os
import resource
import signal
import socket
import struct
import time

import grpc
import pytest

from fivetran import (USERS, Client, Platform, Server, expect_status, flat,  # noqa: F401
                      messages, raw_exchange, serve)
from program import wait_until


def test_compressed_requests_and_both_families(serve, configuration):
    server, _ = serve()
    other = "[::1]" if has_ipv6() else "localhost"
    for host, compression in (("127.0.0.1", grpc.Compression.Gzip), (other, grpc.Compression.Deflate)):
        client = Client(server.port, host=host, compression=compression)
        platform = Platform().take_all(client.update(configuration=flat(configuration(USERS))))
        client.close()
        assert len(platform.rows["users"]) == 2


def has_ipv6():
    """Whether this machine has the other loopback address."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def call_raw(client, method, payload, metadata=(), stream=False):
    """A call whose request is bytes."""
    make = client.channel.unary_stream if stream else client.channel.unary_unary
    return make(method)(payload, timeout=60, metadata=metadata)


def test_bad_calls_have_their_status(serve):
    server, client = serve()
    service = "/fivetran_sdk.v2.SourceConnector/"
    for method in (service + "NoSuch", "/other.Service/Test", service):
        expect_status(grpc.StatusCode.UNIMPLEMENTED, lambda m=method: call_raw(client, m, b""))
    for method in ("Test", "Schema"):
        expect_status(grpc.StatusCode.INVALID_ARGUMENT,
                      lambda m=method: call_raw(client, service + m, b"\xff\xff\xff"))
    expect_status(grpc.StatusCode.INVALID_ARGUMENT, lambda: call_raw(
        client, service + "Update", b"\x0a\x7f", stream=True))
    assert client.form().fields  # and the server still serves


def test_strangers_are_turned_away(serve):
    server, client = serve()
    answer = raw_exchange(server.port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 505 ") and b"gRPC" in answer
    hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00" + bytes(20)
    assert raw_exchange(server.port, hello)[:1] == b"\x15"  # a TLS alert
    for noise in (bytes(range(256)), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64):
        try:
            raw_exchange(server.port, noise)
        except ConnectionResetError:
            pass
    assert client.form().fields


@pytest.mark.parametrize("descriptors", [1024, 24])
def test_connections_that_idle_give_way(serve, descriptors):
    server, client = serve()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(70)]
    assert client.form().fields
    for connection in idle:
        connection.close()


def test_calls_are_bounded(serve, configuration):
    server, client = serve()
    with socket.create_server(("127.0.0.1", 0), backlog=200) as silent:
        config = flat(configuration(USERS, ssh_port=str(silent.getsockname()[1]),
                                    ssh_connect_timeout="60"))
        others = [Client(server.port, options=[("grpc.use_local_subchannel_pool", 1)])
                  for _ in range(3)]
        calls = [other.update(configuration=config) for other in others for _ in range(40)]
        one_more = lambda: client.schema(configuration=config, timeout=0.5)  # noqa: E731
        wait_until(lambda: code_of(one_more) == grpc.StatusCode.RESOURCE_EXHAUSTED,
                   "there is room for more than 100 calls", 30)
        for call in calls:
            call.cancel()
    wait_until(lambda: code_of(client.form) == grpc.StatusCode.OK, "no more calls are taken")
    for other in others:
        other.close()


def code_of(call):
    """The status of a call."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def h2(port, *frames, headers=(), end=True):
    """Sends one request over bare HTTP/2 with those DATA frames; returns the last headers."""
    def frame(kind, flags, stream, payload):
        return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + \
            struct.pack(">I", stream) + payload

    def literal(name, value):
        return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value

    base = {b":method": b"POST", b":scheme": b"http", b":path":
            b"/fivetran_sdk.v2.SourceConnector/Test", b":authority": b"x", b"te": b"trailers",
            b"content-type": b"application/grpc"} | dict(headers)
    block = b"".join(literal(name, value) for name, value in base.items())
    data = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"") + frame(1, 4, 1, block)
    for i, body in enumerate(frames):
        data += frame(0, int(end and i == len(frames) - 1), 1, body)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        reader = connection.makefile("rb")
        while head := reader.read(9):
            payload = reader.read(int.from_bytes(head[:3], "big"))
            if head[3] == 1 and head[4] & 1:  # HEADERS that end the stream
                return payload
    return b""


def test_frames_that_are_not_a_message(serve):
    server, client = serve()
    request = messages().TestRequest(name="x").SerializeToString()
    whole = b"\0" + struct.pack(">I", len(request)) + request
    assert status_of(h2(server.port, whole)) == 3
    assert status_of(h2(server.port, whole[:-1])) == 13  # cut short
    assert status_of(h2(server.port, whole + whole)) == 12  # two messages
    assert status_of(h2(server.port, b"")) == 12  # none
    assert status_of(h2(server.port, b"\0\xff\xff\xff\xff" + bytes(100), end=False)) == 8
    packed = gzip.compress(request)
    framed = b"\1" + struct.pack(">I", len(packed)) + packed
    assert status_of(h2(server.port, framed, headers=[(b"grpc-encoding", b"gzip")])) == 3
    assert status_of(h2(server.port, framed, headers=[(b"grpc-encoding", b"lzma")])) == 12
    assert status_of(h2(server.port, framed)) == 13
    bomb = gzip.compress(bytes(140 << 20))
    pieces = b"\1" + struct.pack(">I", len(bomb)) + bomb
    cut = [pieces[i:i + 16000] for i in range(0, len(pieces), 16000)]
    assert status_of(h2(server.port, *cut, headers=[(b"grpc-encoding", b"gzip")])) == 8
    assert b"415" in h2(server.port, whole, headers=[(b"content-type", b"text/plain")])
    assert client.form().fields


def status_of(answer):
    """The grpc-status in the bytes of an answer, whose headers nghttp2 may have compressed."""
    decoder = HeaderReader()
    return decoder.status(answer)


class HeaderReader:
    """Enough of HPACK to find grpc-status: literals with a name that is not in the static table,
    their texts in Huffman's code or not."""

    DIGITS = {"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4",
              "011011": "5", "011100": "6", "011101": "7", "011110": "8", "011111": "9"}
    NAME = bytes.fromhex("9acac8b21234da8f")  # "grpc-status" as Huffman's code writes it

    def status(self, answer):
        """The number, or None."""
        for name in (b"grpc-status", self.NAME):
            at = answer.find(name)
            if at >= 0:
                return self.value(answer[at + len(name):])
        return None

    def value(self, rest):
        """A text of one or two digits, coded or plain."""
        size = rest[0] & 0x7f
        if not rest[0] & 0x80:
            return int(rest[1:1 + size])
        bits = "".join(f"{byte:08b}" for byte in rest[1:1 + size])
        digits = ""
        while len(bits) >= 5 and bits.strip("1"):
            for code, digit in self.DIGITS.items():
                if bits.startswith(code):
                    digits, bits = digits + digit, bits[len(code):]
                    break
        return int(digits)


# -- calls that end early -------------------------------------------------------------------------


ENDLESS = {"table": "t", "primary_key": "id", "command":
           """exec awk 'BEGIN { for (i = 0; ; i++) printf "{\\"id\\":%d,\\"t\\":\\"endless\\"}\\n", i }'"""}


def test_cancel_deadline_and_lost_connection_stop_the_command(serve, configuration, make_sshd):
    own = make_sshd()
    server, client = serve()
    config = flat(configuration(ENDLESS, server=own))

    def running():
        return any("endless" in command for command in own.commands())

    call = client.update(configuration=config)
    assert next(iter(call)).WhichOneof("operation") == "schema_change"
    assert running()
    call.cancel()
    wait_until(lambda: not running(), "the command runs on after cancel")
    expect_status(grpc.StatusCode.DEADLINE_EXCEEDED,
                  lambda: client.update(configuration=config, timeout=1))
    wait_until(lambda: not running(), "the command runs on after the deadline")
    other = Client(server.port)
    call = other.update(configuration=config)
    next(iter(call))
    assert running()
    other.close()
    wait_until(lambda: not running(), "the command runs on without a client")
    assert client.form().fields


def test_a_slow_client_bounds_memory(serve, configuration):
    server, client = serve()
    stream = {**ENDLESS, "command": ENDLESS["command"].replace("endless", "x" * 1000)}
    call = client.update(configuration=flat(configuration(stream)))
    responses = iter(call)
    for _ in range(30):
        next(responses)
        time.sleep(0.05)
    assert server.rss_kib() < 32 * 1024 * (4 if "asan" in str(server.process.args[0]) else 1)
    call.cancel()


def test_calls_are_parallel(serve, configuration):
    _, client = serve()
    long, again = (client.update(configuration=flat(configuration(ENDLESS))) for _ in range(2))
    assert next(iter(long)).WhichOneof("operation") == "schema_change"
    assert next(iter(again)).WhichOneof("operation") == "schema_change"
    config = flat(configuration(USERS))
    assert client.test(name="authentication", configuration=config).success
    assert len(Platform().take_all(client.update(configuration=config)).rows["users"]) == 2
    long.cancel()
    again.cancel()


def test_sigterm_drains(serve, configuration, tmp_path):
    server, client = serve()
    begun = tmp_path / "begun"
    stream = {**USERS, "command": f": >{begun}; sleep 2; " + USERS["command"]}
    call = client.update(configuration=flat(configuration(stream)))
    wait_until(begun.exists)
    server.process.send_signal(signal.SIGTERM)
    platform = Platform().take_all(call)
    assert len(platform.rows["users"]) == 2 and platform.states
    stdout, _ = server.process.communicate(timeout=60)
    assert server.process.returncode == 0
    assert all(json.loads(line)["message-origin"] == "sdk_connector" for line in stdout.splitlines())


def test_sigterm_stops_what_does_not_end(serve, configuration, make_sshd):
    own = make_sshd()
    server, client = serve("--drain", "1")
    call = client.update(configuration=flat(configuration(ENDLESS, server=own)))
    responses = iter(call)
    for _ in range(10):
        next(responses)
    server.process.send_signal(signal.SIGTERM)
    expect_status(grpc.StatusCode.UNAVAILABLE, lambda: responses)
    _, stderr = server.process.communicate(timeout=60)
    assert server.process.returncode == 143, stderr.decode()
    wait_until(lambda: not any("endless" in c for c in own.commands()), "the command runs on")


def test_a_log_that_nobody_reads_stops_nothing(serve):
    server, client = serve()
    fcntl.fcntl(server.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    for _ in range(100):
        platform = Platform().take_all(client.update(configuration={"ssh_prot": "22" * 40}))
        assert "ssh_port" in platform.task
    read = os.read(server.process.stdout.fileno(), 4096)
    assert all(json.loads(line)["level"] == "SEVERE" for line in read.splitlines())
    code, log = server.stop()
    assert code == 0 and "were not read and are lost" in log[0]["message"]


def test_command_line(towline):
    assert "--port" in towline("fivetran", "--help").expect(0).stdout
    towline("fivetran", "--prot", "1").expect(2, "did you mean --port")
    towline("--port", "70000").expect(2, "port")
    towline("--port", "1x").expect(2, "port")
    towline("fivetran", "now").expect(2, "now")
    server = Server(towline)
    try:
        towline("fivetran", "--port", str(server.port)).expect(2, "cannot listen", "--port")
        assert server.stop() == (0, [
            {"level": "INFO", "message": "told to stop: 0 calls may still end",
             "message-origin": "sdk_connector"},
            {"level": "INFO", "message": "stopped", "message-origin": "sdk_connector"}])
    finally:
        server.kill()
