"""Hosts known by the OpenSSH client's configuration: aliases, keys, users, jump hosts. HOME is the
test's, and so is the configuration."""
import os
import subprocess

import pytest
from program import wait_until
from sshd import Sshd

STREAM = {"table": "t", "primary_key": ["id"], "command": "echo '{\"id\":1}'"}


@pytest.fixture
def alias(towline, configuration, tmp_path):
    """alias(text, host="web", ...) writes ~/.ssh/config and makes a configuration that names
    nothing but the host."""

    def make(text, host="web", **changes):
        folder = towline.home / ".ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "config").write_text(text)
        return configuration(STREAM, **{
            "ssh_host": host, "ssh_port": None, "ssh_user": None, "ssh_private_key_path": None,
            "ssh_known_hosts_path": None, "ssh_config": "auto", **changes})

    return make


@pytest.fixture(scope="module")
def bastion():
    with Sshd(config=["ForceCommand false"]) as server:
        yield server


def entry(name, server, *lines):
    return "\n    ".join([f"Host {name}", f"HostName {server.host}", f"Port {server.port}",
                          f"User {server.user}", f"IdentityFile {server.key}",
                          f"UserKnownHostsFile {server.known_hosts}", *lines]) + "\n"


def test_alias_says_all(towline, alias, sshd, warehouse):
    towline("sync", config=alias(entry("web", sshd))).expect(0)
    assert warehouse.count("t") == 1
    result = towline("check", config=alias(entry("web", sshd))).expect(0)
    assert f"127.0.0.1 port {sshd.port}" in result.stdout


def test_auto_is_the_default(towline, alias, sshd):
    towline("sync", config=alias(entry("web", sshd), ssh_config=None)).expect(0)


def test_off_does_not_ask(towline, alias, sshd):
    towline("sync", config=alias(entry("web", sshd), ssh_config="off")).expect(3, "look up web")


def test_our_own_words_win(towline, alias, sshd, bastion, tmp_path):
    empty = tmp_path / "empty"
    empty.touch()
    wrong = f"Host web\n HostName 127.0.0.1\n Port 1\n User nobody\n IdentityFile {bastion.key}\n" \
            f" UserKnownHostsFile {empty}\n ProxyJump nowhere.invalid\n"
    known = tmp_path / "known_hosts"
    known.write_text(sshd.known_hosts.read_text() + bastion.known_hosts.read_text())
    bastion.authorize(sshd.key)
    towline("sync", config=alias(
        wrong, ssh_port=sshd.port, ssh_user=sshd.user, ssh_private_key_path=str(sshd.key),
        ssh_known_hosts_path=str(known), ssh_jump=f"127.0.0.1:{bastion.port}")).expect(0)


def test_several_keys_are_tried(towline, alias, sshd, tmp_path):
    stranger = sshd.make_key("id_try_stranger2", authorize=False)
    locked = sshd.make_key("id_try_locked", passphrase="unknown", authorize=False)
    open_to_all = sshd.make_key("id_try_open", authorize=False)
    open_to_all.chmod(0o644)
    text = entry("web", sshd).replace(
        f"IdentityFile {sshd.key}", "\n ".join(f"IdentityFile {path}" for path in (
            tmp_path / "not-there", stranger, locked, open_to_all, sshd.key)))
    towline("sync", config=alias(text)).expect(0)
    without = text.replace(f"IdentityFile {sshd.key}", "")
    towline("sync", config=alias(without)).expect(
        5, "refused the login", "id_try_stranger2", "id_try_locked (which cannot be used",
        "id_try_open (which cannot be used")


def test_certificate_file(towline, alias, make_sshd, tmp_path):
    server = make_sshd(config=[f"TrustedUserCAKeys {tmp_path}/ca.pub"])
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", tmp_path / "ca"], check=True)
    key = server.make_key("id_certified", authorize=False)
    subprocess.run(["ssh-keygen", "-q", "-s", tmp_path / "ca", "-I", "id", "-n", server.user,
                    f"{key}.pub"], check=True)
    (key.parent / "id_certified-cert.pub").rename(tmp_path / "elsewhere-cert.pub")
    text = entry("web", server).replace(str(server.key), str(key))
    towline("sync", config=alias(text)).expect(5)
    text += f"    CertificateFile {tmp_path}/elsewhere-cert.pub\n"
    towline("sync", config=alias(text)).expect(0)


def test_settings_that_say_no_leave_the_rest_to_the_client(towline, alias, sshd):
    empty = {key: "" for key in ("ssh_private_key", "ssh_password", "ssh_jump")}
    towline("sync", config=alias(entry("web", sshd), ssh_agent="false", **empty)).expect(0)
    config = alias(entry("web", sshd), ssh_login="password", ssh_password="wrong")
    result = towline("sync", config=config).expect(5)
    assert str(sshd.key) not in result.stderr


@pytest.fixture
def agent(sshd, tmp_path):
    """The socket of an agent that holds a key of no use and the shared server's."""
    stranger, socket = tmp_path / "stranger", tmp_path / "agent"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", stranger], check=True)
    process = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        wait_until(socket.exists)
        subprocess.run(["ssh-add", "-q", stranger, sshd.key], check=True,
                       env={**os.environ, "SSH_AUTH_SOCK": str(socket)})
        yield socket
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("said, sock, code, text", [
    ("IdentityAgent {agent}", "", 0, "agent key"),
    ("IdentityAgent $SOCK", "SOCK", 0, "agent key"),
    ("IdentityAgent ${{SOCK}}", "SOCK", 0, "agent key"),
    ("IdentityAgent SSH_AUTH_SOCK", "SSH_AUTH_SOCK", 0, "agent key"),
    ("IdentityAgent none", "SSH_AUTH_SOCK", 2, "no way to log in"),
    ("IdentityFile {folder}/stranger", "SSH_AUTH_SOCK", 0, "agent key"),
    ("IdentityFile {folder}/stranger\n IdentitiesOnly yes", "SSH_AUTH_SOCK", 5, "stranger"),
    ("IdentityFile {folder}/only\n IdentitiesOnly yes", "SSH_AUTH_SOCK", 0, "agent key"),
    ("IdentityFile {folder}/only.pub\n IdentitiesOnly yes", "SSH_AUTH_SOCK", 0, "agent key"),
])
def test_keys_of_the_agent(towline, alias, sshd, agent, tmp_path, said, sock, code, text):
    (tmp_path / "only.pub").write_bytes(sshd.key.with_suffix(".pub").read_bytes())
    said = said.format(agent=agent, folder=tmp_path)
    config = alias(entry("web", sshd, said).replace(f"IdentityFile {sshd.key}\n", ""))
    result = towline("check", config=config, env={sock: str(agent)} if sock else None)
    result.expect(code)
    assert text in result.stdout


def test_default_keys_of_the_home_folder(towline, alias, sshd):
    text = entry("web", sshd).replace(f"IdentityFile {sshd.key}", "")
    config = alias(text)
    towline("sync", config=config).expect(2, "no way to log in")
    path = towline.home / ".ssh/id_ed25519"
    path.touch(mode=0o600)
    path.write_bytes(sshd.key.read_bytes())
    towline("sync", config=config).expect(0)
    (towline.home / ".ssh/config").unlink()  # without any configuration of the client's, too
    config.update(ssh_host=sshd.host, ssh_port=sshd.port, ssh_user=sshd.user,
                  ssh_known_hosts_path=str(sshd.known_hosts))
    towline("sync", config=config).expect(0)


def test_proxy_jump_by_aliases(towline, alias, sshd, bastion, make_sshd):
    first = make_sshd()
    text = entry("web", sshd, "ProxyJump inner") + entry("inner", bastion, "ProxyJump outer") \
        + entry("outer", first)
    towline("sync", config=alias(text)).expect(0)
    assert "Accepted publickey" in first.log()
    result = towline("check", config=alias(text)).expect(0)
    assert "outer: authentication" not in result.stdout  # steps bear the addresses
    assert result.stdout.count("127.0.0.1: authentication") == 2


def test_jump_hosts_of_ours_may_be_aliases(towline, alias, sshd, bastion):
    text = entry("web", sshd) + entry("gate", bastion)
    towline("sync", config=alias(text, ssh_jump="gate")).expect(0)
    config = alias(text, ssh_jump="gate", host="127.0.0.1", ssh_port=sshd.port,
                   ssh_private_key_path=str(sshd.key),
                   ssh_known_hosts_path=str(sshd.known_hosts))
    # the alias has a key and a known_hosts of its own
    towline("sync", config=config).expect(0)


def test_old_form_of_proxy_jump(towline, alias, sshd, bastion):
    text = entry("web", sshd, "ProxyCommand ssh -W %h:%p gate") + entry("gate", bastion)
    towline("sync", config=alias(text)).expect(0)
    text = entry("web", sshd, "ProxyCommand nc -x proxy %h %p")
    towline("sync", config=alias(text)).expect(2, "ProxyCommand", "ssh_jump")


def test_host_key_alias(towline, alias, sshd, tmp_path):
    known = tmp_path / "known"
    known.write_text(f"the-web {sshd.host_key_line()}\n")
    text = entry("web", sshd).replace(str(sshd.known_hosts), str(known))
    towline("sync", config=alias(text)).expect(4, f"not in {known}")
    towline("sync", config=alias(text + "    HostKeyAlias the-web\n")).expect(0)


def test_known_hosts_of_all_users(towline, alias, sshd, tmp_path):
    text = entry("web", sshd).replace(
        f"UserKnownHostsFile {sshd.known_hosts}",
        f"UserKnownHostsFile {tmp_path}/none\n GlobalKnownHostsFile {tmp_path}/all {tmp_path}/no")
    (tmp_path / "all").write_text(sshd.known_hosts.read_text())
    towline("sync", config=alias(text)).expect(0)
    config = alias(text, ssh_known_hosts_path=str(sshd.known_hosts))
    (tmp_path / "all").write_text(f"@revoked * {sshd.host_key_line()}\n")
    towline("sync", config=config).expect(0)
    towline("sync", config=alias(text, ssh_host_key_policy="accept-new")).expect(4, "@revoked")


def test_going_round_in_circles_ends(towline, alias, sshd):
    text = entry("a", sshd, "ProxyJump b") + entry("b", sshd, "ProxyJump a")
    towline("sync", config=alias(text, host="a")).expect(2, "ProxyJump")


def test_broken_configuration_is_told(towline, alias):
    towline("sync", config=alias("Nonsense yes\n")).expect(2, "nonsense", "ssh -G web")


@pytest.mark.parametrize("host", ["-oProxyCommand=touch${IFS}pwned", "a b", "web;id", "$(id)"])
def test_a_host_is_never_an_option_or_a_command(towline, alias, sshd, host, tmp_path):
    towline("sync", config=alias(entry("web", sshd), host=host)).expect(2, "ssh_host")
    assert not (tmp_path / "pwned").exists()


def test_without_the_client_nothing_is_asked(towline, alias, sshd):
    config = alias(entry("web", sshd), host=sshd.host, ssh_port=sshd.port,
                   ssh_private_key_path=str(sshd.key),
                   ssh_known_hosts_path=str(sshd.known_hosts))
    towline("sync", config=config, env={"PATH": "/nonexistent"}).expect(0)
