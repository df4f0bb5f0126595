"""check: its steps in order, each timed; which one fails, and the remedy for the real cause."""
import json

import pytest
from hostile import BANNER, Raw, kexinit

STREAM = {"table": "t", "command": "echo '[{\"id\":1}]'", "primary_key": "id"}
STEPS = ["configuration", "name lookup", "TCP", "SSH handshake: banner",
         "SSH handshake: key exchange", "host key", "authentication", "channel", "stream t runs", "stream t parses", "destination"]


@pytest.fixture
def check(towline, configuration):
    """check(code, server=..., key=value ...) gives the steps as check --json prints them."""

    def run(code, server=None, **changes):
        streams = changes.pop("streams", [STREAM])
        config = configuration(*streams, server=server, **changes)
        result = towline("check", "--json", config=config).expect(code)
        return json.loads(result.stdout)

    return run


def failure(steps):
    """The one step that failed; every other passed or, with those after it, was skipped."""
    failed = [step for step in steps if step["status"] == "failed"]
    assert len(failed) == 1, steps
    names = [step["step"] for step in steps]
    assert all(step["status"] == "passed" for step in steps[:names.index(failed[0]["step"])])
    assert failed[0]["message"] and failed[0]["remedy"]
    return failed[0]


def test_steps(check, sshd):
    steps = check(0)
    assert [step["step"] for step in steps] == STEPS
    for step in steps:
        assert step["status"] == "passed" and isinstance(step["ms"], int)
        assert step["message"] is None and step["remedy"] is None
    detail = {step["step"]: step["detail"] for step in steps}
    assert detail["name lookup"] == sshd.host
    assert detail["TCP"] == f"{sshd.host} port {sshd.port}"
    assert detail["SSH handshake: banner"].startswith("SSH-2.0-OpenSSH")
    exchange, host_key, cipher, mac = detail["SSH handshake: key exchange"].split(", ")
    assert exchange.startswith("curve25519-sha256") and host_key == "host key ssh-ed25519"
    assert cipher.startswith("cipher ") and mac == "MAC the cipher's"
    kind, fingerprint = detail["host key"].split()
    assert fingerprint == sshd.fingerprint(kind.removeprefix("ssh-"))
    assert str(sshd.key) in detail["authentication"]
    assert detail["stream t parses"] == "1 row"


@pytest.mark.parametrize("code, step, config, texts", [
    (3, "SSH handshake: key exchange", ["KexAlgorithms sntrup761x25519-sha512@openssh.com"],
     ("offers sntrup761x25519", "here: curve25519-sha256", "`KexAlgorithms +curve25519-sha256`")),
    (3, "SSH handshake: key exchange", ["HostKeyAlgorithms ssh-rsa"],
     ("offers ssh-rsa;", "rsa-sha2-512", "`HostKeyAlgorithms +", "ssh-keygen -A")),
    (3, "SSH handshake: key exchange", ["Ciphers aes256-cbc"], ("offers aes256-cbc;", "`Ciphers +")),
    (3, "SSH handshake: key exchange", ["Ciphers aes256-ctr", "MACs umac-64@openssh.com"],
     ("offers umac-64", "`MACs +hmac-sha2-")),
    (5, "authentication", ["AuthorizedKeysFile none"],
     ("ssh-ed25519 SHA256:", "offers publickey", ".ssh mode 0700, the file 0600", "AllowUsers")),
    (5, "authentication", ["PubkeyAcceptedAlgorithms rsa-sha2-512"],
     ("PubkeyAcceptedAlgorithms must allow ssh-ed25519",)),
    (5, "authentication", ["AuthorizedKeysFile none", "VersionAddendum for_Windows"],
     ("administrators_authorized_keys",)),
    (3, "channel", ["MaxSessions 0"], ("MaxSessions",)),
])
def test_servers_that_refuse(check, make_sshd, code, step, config, texts):
    failed = failure(check(code, make_sshd(config=config)))
    assert failed["step"] == step
    for text in texts:
        assert text in failed["message"] + " -> " + failed["remedy"]


@pytest.mark.parametrize("step, speech, texts", [
    ("banner", (b"",), ("closed the connection before its SSH banner", "MaxStartups")),
    ("banner", (60.0,), ("fell silent before its SSH banner",)),
    ("banner", (b"HTTP/1.1 400 Bad Request\r\n\r\n",), ("not an SSH server", "ssh_port")),
    ("banner", (b"SSH-1.5-old\r\n",), ('banner is "SSH-1.5-old"', "renew the server")),
    ("key exchange", (BANNER,), ("closed the connection while exchanging keys", "journalctl")),
    ("key exchange", (BANNER, 60.0), ("exchanging keys took longer", "ssh_connect_timeout")),
    ("key exchange", (BANNER + kexinit((2, "rot13"), (3, "rot13")),), ("no common cipher",)),
])
def test_handshakes_that_fail(check, step, speech, texts):
    with Raw(*speech) as server:
        steps = check(3, ssh_host="127.0.0.1", ssh_port=str(server.port),
                      ssh_connect_timeout="2" if 60.0 in speech else "60")
    failed = failure(steps)
    assert failed["step"] == f"SSH handshake: {step}"
    for text in texts:
        assert text in failed["message"] + " -> " + failed["remedy"]


def test_forwarding_that_is_not_allowed(check, make_sshd, sshd):
    bastion = make_sshd(config=["AllowTcpForwarding no"])
    jump = {"ssh_host": bastion.host, "ssh_port": str(bastion.port), "ssh_user": bastion.user,
            "ssh_private_key_path": str(bastion.key),
            "ssh_known_hosts_path": str(bastion.known_hosts)}
    failed = failure(check(3, ssh_jump=[jump]))
    assert failed["step"] == "TCP"
    assert "AllowTcpForwarding" in failed["remedy"]


def test_addresses_where_nobody_answers(check, silent_port, closed_port):
    assert failure(check(3, ssh_host="no-such-host.invalid"))["step"] == "name lookup"
    failed = failure(check(3, ssh_port=str(closed_port)))
    assert "security group" in failed["remedy"]
    assert failed["step"] == "TCP" and "ssh_port" in failed["remedy"]
    failed = failure(check(3, ssh_port=str(silent_port), ssh_connect_timeout="1"))
    assert failed["step"] == "TCP" and "security group" in failed["remedy"]


@pytest.mark.parametrize("code, step, changes", [
    (4, "host key", {"ssh_host_key_sha256": "SHA256:" + "A" * 43}),
    (5, "authentication", {"ssh_private_key_path": "/nonexistent/key"}),
    (6, "stream t runs", {"streams": [{**STREAM, "command": "exit 3"}]}),
    (7, "stream t parses", {"streams": [{**STREAM, "command": "echo no JSON"}]}),
    (7, "stream t parses", {"streams": [{**STREAM, "primary_key": "none"}]}),
    (8, "destination", {"destination": "sqlite:/nonexistent/warehouse.db"}),
])
def test_step_that_fails(check, code, step, changes):
    steps = check(code, **changes)
    assert failure(steps)["step"] == step
    assert [entry["step"] for entry in steps][-1] == "destination"


def test_configuration_that_is_wrong(towline):
    result = towline("check", "--json", config={"ssh_hots": "x"}).expect(2)
    steps = json.loads(result.stdout)
    assert [step["step"] for step in steps] == ["configuration"]
    assert "ssh_host" in steps[0]["message"]


def test_text_says_the_same(towline, configuration, sshd):
    result = towline("check", config=configuration(STREAM)).expect(0)
    lines = result.stdout.splitlines()
    assert [line[8:].split("  ")[0].rstrip() for line in lines] == STEPS
    assert all(line.startswith("ok ") and " ms" in line for line in lines)
    result = towline("check", config=configuration(STREAM, ssh_port="1")).expect(3)
    assert "remedy: " in result.stdout and "skipped authentication" in result.stdout
