"""The throw-away sshd: OpenSSH's own client gets in, and what tests do to the server happens."""
import json
import os
import pathlib
import socket
import subprocess

import pytest
from program import ENDLESS, wait_until
from proxy import Proxy

FIXTURE = pathlib.Path(__file__).resolve().parents[2] / "fixtures/sshd"


def ssh(server, command, *options, key=None, port=None, known_hosts=None):
    """Runs a command over the OpenSSH client."""
    return subprocess.run(
        ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i",
         key or server.key, "-o", f"UserKnownHostsFile={known_hosts or server.known_hosts}",
         "-p", str(port or server.port), *options, f"{server.user}@{server.host}", command],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def test_program_starts_and_stops():
    printed = subprocess.run([FIXTURE, "--config", "ForceCommand echo forced"], check=True,
                             capture_output=True, text=True).stdout
    info = json.loads(printed)
    assert set(info) == {"host", "port", "user", "key", "known_hosts", "fingerprint", "pid", "dir"}
    try:
        ran = subprocess.run(
            ["ssh", "-F", "none", "-o", "BatchMode=yes", "-i", info["key"], "-p",
             str(info["port"]), "-o", f"UserKnownHostsFile={info['known_hosts']}",
             f"{info['user']}@{info['host']}", "id"], capture_output=True, text=True, timeout=60)
        assert ran.stdout == "forced\n", ran.stderr
    finally:
        subprocess.run([FIXTURE, "--stop", info["dir"]], check=True)
    assert not os.path.exists(info["dir"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((info["host"], info["port"]))
    assert subprocess.run([FIXTURE, "--stop", info["dir"]], capture_output=True).returncode == 1


def test_wrong_option_is_told():
    ran = subprocess.run([FIXTURE, "--config", "Nonsense yes"], capture_output=True, text=True)
    assert ran.returncode == 1 and "Nonsense" in ran.stderr


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_every_type_of_key_gets_in(sshd, kind):
    key = sshd.make_key(f"id_try_{kind}", kind)
    assert ssh(sshd, "echo in", key=key).stdout == "in\n"
    assert ssh(sshd, "echo in", "-o", f"HostKeyAlgorithms={host_key_algorithm(kind)}").stdout == \
        "in\n"


def host_key_algorithm(kind):
    """The algorithm by which a host key of that type is asked for."""
    return {"ed25519": "ssh-ed25519", "ecdsa": "ecdsa-sha2-nistp256", "rsa": "rsa-sha2-512"}[kind]


def test_strangers_stay_out(sshd):
    key = sshd.make_key("id_try_stranger", authorize=False)
    assert ssh(sshd, "echo in", key=key).returncode == 255


def test_options_of_a_key(sshd):
    key = sshd.make_key("id_try_forced", authorize=False)
    sshd.authorize(key, 'restrict,command="echo only this"')
    assert ssh(sshd, "id", key=key).stdout == "only this\n"


def test_changed_host_key_is_noticed(make_sshd):
    server = make_sshd()
    before = server.fingerprint(), server.port
    assert ssh(server, "true").returncode == 0
    server.change_host_key()
    assert server.fingerprint() != before[0] and server.port == before[1]
    ran = ssh(server, "true")
    assert ran.returncode == 255 and "CHANGED" in ran.stderr


def test_connections_can_be_seen_and_dropped(make_sshd):
    server = make_sshd()
    client = subprocess.Popen(
        ["ssh", "-F", "none", "-o", "BatchMode=yes", "-i", server.key, "-o",
         f"UserKnownHostsFile={server.known_hosts}", "-p", str(server.port),
         f"{server.user}@{server.host}", ENDLESS], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: any(ENDLESS in line for line in server.commands()))
    wait_until(lambda: server.sessions() == 1)  # the fixture's own may still be ending
    assert server.drop_connections() >= 1
    assert client.wait(60) == 255
    assert ssh(server, "echo still here").stdout == "still here\n"


def test_lines_of_configuration_win(make_sshd):
    server = make_sshd(config=["MaxSessions 0", "Match User nobody", "PermitTTY no"])
    assert ssh(server, "true").returncode == 255
    server.restart(config=[])
    assert ssh(server, "true").returncode == 0


def test_login_shell_of_another_account(make_sshd, login_user):
    server = make_sshd()
    server.user = login_user("/usr/bin/zsh")
    assert ssh(server, "echo $ZSH_NAME").stdout == "zsh\n"


def test_proxy_passes_everything_then_cuts(sshd, tmp_path):
    with Proxy(sshd.host, sshd.port, cuts=[None, 8000]) as proxy:
        known = proxy.known_hosts(sshd, tmp_path / "known_hosts")
        whole = ssh(sshd, "seq 20000", port=proxy.port, known_hosts=known)
        assert whole.returncode == 0 and whole.stdout.count("\n") == 20000
        before = proxy.received
        cut = ssh(sshd, "seq 20000", port=proxy.port, known_hosts=known)
        assert proxy.received - before == 8000
    assert cut.returncode == 255 and cut.stdout.count("\n") < 20000


def test_proxy_ends_by_fin_or_by_rst(sshd):
    with Proxy(sshd.host, sshd.port, cuts=[4]) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as connection:
            assert connection.recv(100) == b"SSH-" and connection.recv(100) == b""
    with Proxy(sshd.host, sshd.port, cuts=[4], reset=True) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as connection:
            with pytest.raises(ConnectionResetError):
                while connection.recv(100):
                    pass
