"""Every cipher: outputs byte exact in packets of every size and in crumbs, across key exchanges of
every kind; a flipped bit is refused. And what a server says, or does not say, of a command's end."""
import hashlib
import random

import pytest
from proxy import Proxy

# The MAC matters only to ciphers that have none inside.
SUITES = [("aes128-gcm@openssh.com", "hmac-sha2-256"),
          ("aes256-gcm@openssh.com", "hmac-sha2-256"),
          ("aes128-ctr", "hmac-sha2-256"),
          ("aes128-ctr", "hmac-sha2-256-etm@openssh.com"),
          ("aes256-ctr", "hmac-sha2-512"),
          ("chacha20-poly1305@openssh.com", "hmac-sha2-256")]
EXCHANGES = ["curve25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
             "diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha256",
             "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512"]
SEED = "import random; r = random.Random(5)\n"
BULK = SEED + "for i in range(8000): print('{\"id\":%d,\"v\":\"%s\"}' % (i, r.randbytes(250).hex()))"
# One write for each size of packet, apart from each other so that sshd sends them one by one.
SIZES = SEED + """import sys, time
for i in range(300):
    sys.stdout.write('{"id":%d,"v":"%s"}' % (i, r.randbytes(i).hex()[i:]))
    sys.stdout.flush()
    time.sleep(0.0005)"""


def stream(script, **fields):
    """A stream whose rows a script prints on the server."""
    return {"table": "t", "primary_key": "id", "command": "python3 -", "stdin": script, **fields}


@pytest.fixture(params=SUITES, ids=lambda suite: "+".join(name.split("@")[0] for name in suite))
def server(request, make_sshd):
    """A server that knows one cipher and wants new keys after every megabyte."""
    cipher, mac = request.param
    return make_sshd(config=[f"Ciphers {cipher}", f"MACs {mac}", "RekeyLimit 1M",
                             "LogLevel DEBUG1"])


@pytest.fixture
def through(configuration, server, tmp_path):
    """through(proxy, stream, ...): the configuration that goes by way of the proxy."""

    def make(proxy, *streams, **changes):
        known = proxy.known_hosts(server, tmp_path / "known_hosts")
        return configuration(*streams, server=server, ssh_port=str(proxy.port),
                             ssh_known_hosts_path=known, **changes)

    return make


def test_large_outputs_are_exact_across_key_exchanges(towline, configuration, warehouse, server):
    towline("sync", config=configuration(stream(BULK), server=server)).expect(0)
    r = random.Random(5)
    assert warehouse.rows("t", "id", "v") == [(i, r.randbytes(250).hex()) for i in range(8000)]
    assert server.log().count("SSH2_MSG_NEWKEYS received") >= 4


def test_packets_of_every_size_in_crumbs_are_exact(towline, through, warehouse, server):
    with Proxy(server.host, server.port, crumbs=True) as proxy:
        towline("sync", config=through(proxy, stream(SIZES))).expect(0)
    r = random.Random(5)
    assert warehouse.rows("t", "id", "v") == [(i, r.randbytes(i).hex()[i:]) for i in range(300)]


def test_large_inputs_are_exact_across_key_exchanges(towline, configuration, warehouse, server):
    text = random.Random(6).randbytes(1_500_000).hex()
    digest = hashlib.sha256(text.encode()).hexdigest()
    command = "sha256sum | sed 's/\\([0-9a-f]*\\).*/{\"id\":\"\\1\"}/'"
    towline("sync", config=configuration(stream(text, command=command), server=server)).expect(0)
    assert warehouse.rows("t", "id") == [(digest,)]
    assert server.log().count("SSH2_MSG_NEWKEYS received") >= 2


def test_a_flipped_bit_is_refused(towline, through, warehouse, server):
    for place in (20_000, 3_000_001):
        with Proxy(server.host, server.port, flip=place) as proxy:
            towline("sync", config=through(proxy, stream(BULK))).expect(3)
        assert warehouse.count("t") == 0


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_key_exchange_again_and_again(towline, configuration, warehouse, make_sshd, exchange):
    server = make_sshd(config=[f"KexAlgorithms {exchange}", "RekeyLimit 1M", "LogLevel DEBUG1"])
    towline("sync", config=configuration(stream(BULK), server=server)).expect(0)
    assert warehouse.count("t") == 8000
    assert server.log().count("SSH2_MSG_NEWKEYS received") >= 4


@pytest.mark.parametrize("completion", ["marker", "status"])
def test_a_channel_closed_without_a_status_is_no_success(towline, configuration, warehouse,
                                                         make_sshd, own_libssh2, completion):
    if completion == "status" and not own_libssh2:
        pytest.skip("the system's libssh2 cannot tell a status of 0 from none")
    server = make_sshd(config=["ChannelTimeout session:*=1s"])
    command = "echo '[{\"id\":1}]'; sleep 5 >/dev/null; exit 7"
    config = configuration({**stream(""), "command": command, "completion": completion},
                           server=server)
    towline("sync", config=config).expect(6)
    assert warehouse.count("t") == 0
