"""keygen: pairs that ssh-keygen and sshd take, and lines that allow what they say, no more."""
import pathlib
import shlex
import subprocess

import pytest


def ssh_keygen(*arguments):
    """What ssh-keygen prints."""
    return subprocess.run(["ssh-keygen", *map(str, arguments)], check=True, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL).stdout


def ssh(server, key, *arguments):
    """Runs the OpenSSH client with the key."""
    return subprocess.run(
        ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i", key, "-o",
         f"UserKnownHostsFile={server.known_hosts}", "-p", str(server.port), *arguments],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("options, bits, name", [
    ((), 256, "ED25519"),
    (("--type", "ecdsa"), 256, "ECDSA"),
    (("--type", "ecdsa", "--bits", "384"), 384, "ECDSA"),
    (("--type", "ecdsa", "--bits", "521"), 521, "ECDSA"),
    (("--type", "rsa", "--bits", "2048"), 2048, "RSA"),
    (("--type", "rsa"), 3072, "RSA"),
])
def test_pair(towline, tmp_path, sshd, options, bits, name):
    path = tmp_path / "pair"
    result = towline("keygen", path, "--comment", "made here", *options).expect(0)
    public = pathlib.Path(f"{path}.pub").read_text()
    assert result.stdout.startswith(public)
    assert ssh_keygen("-y", "-f", path) == public  # with the comment, from the private key
    size, fingerprint, *comment, kind = ssh_keygen("-lf", path).split()
    assert (int(size), comment, kind) == (bits, ["made", "here"], f"({name})")
    assert f"Fingerprint: {fingerprint}\n" in result.stdout
    assert path.stat().st_mode & 0o777 == 0o600
    sshd.authorize(path)
    assert ssh(sshd, path, f"{sshd.user}@{sshd.host}", "echo in").stdout == "in\n"


def test_nothing_is_overwritten(towline, tmp_path):
    path, public = tmp_path / "pair", tmp_path / "pair.pub"
    path.write_text("mine")
    towline("keygen", path).expect(2, str(path), "not overwritten", "another name")
    assert path.read_text() == "mine" and not public.exists()
    path.unlink()
    public.write_text("mine")
    towline("keygen", path).expect(2, str(public), "not overwritten")
    assert public.read_text() == "mine" and not path.exists()


def test_where_it_goes(towline, tmp_path):
    towline("keygen").expect(0)
    assert (towline.home / ".ssh").stat().st_mode & 0o777 == 0o700
    assert (towline.home / ".ssh/towline_ed25519").exists()
    config = {"ssh_host": "db.example.com", "ssh_user": "ubuntu", "ssh_port": "2222"}
    printed = towline("keygen", config=config).expect(0).stdout
    assert (towline.home / ".ssh/towline_db.example.com").exists()
    assert "-p 2222 ubuntu@db.example.com" in printed
    towline("keygen", config={**config, "ssh_private_key_path": "~/.ssh/other"}).expect(0)
    assert (towline.home / ".ssh/other").exists()
    towline("keygen", "/nonexistent/pair").expect(2, "/nonexistent/pair", "No such file")


def test_passphrase(towline, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n")
    ways = {
        "file": (("--passphrase-file", secret), {}),
        "env": (("--passphrase-env", "SESAME"), {"env": {"SESAME": "open sesame"}}),
        "config": ((), {"config": {"ssh_key_passphrase": "open sesame"}}),
    }
    for name, (options, run) in ways.items():
        path = tmp_path / name
        result = towline("keygen", path, *options, **run).expect(0)
        assert "sesame" not in result.stdout + result.stderr
        assert ssh_keygen("-y", "-P", "open sesame", "-f", path).split()[:2] == \
            pathlib.Path(f"{path}.pub").read_text().split()[:2]
        with pytest.raises(subprocess.CalledProcessError):
            ssh_keygen("-y", "-P", "", "-f", path)
    towline("keygen", tmp_path / "x", "--passphrase").expect(2, "no terminal")
    towline("keygen", tmp_path / "x", "--passphrase-env", "NONE").expect(2, "NONE")
    towline("keygen", tmp_path / "x", "--passphrase-file", "/none").expect(2, "/none")


@pytest.mark.parametrize("options, text", [
    (("--type", "dsa"), "ed25519"), (("--type", "rsa", "--bits", "1024"), "2048"),
    (("--type", "ecdsa", "--bits", "512"), "521"), (("--comment", "a'b"), "--comment"),
    (("--tunnel", "5432"), "HOST:PORT"), (("--command", "a\nb"), "line end"),
    (("--command", "a\\"), "backslash"),
    (("--tpye", "rsa"), "--type"),
])
def test_wrong_usage(towline, tmp_path, options, text):
    towline("keygen", tmp_path / "pair", *options).expect(2, text)
    assert not (tmp_path / "pair").exists()


def line_of(result, start):
    """The line of authorized_keys that begins so."""
    return next(line.strip() for line in result.stdout.splitlines() if start in line)


@pytest.fixture
def guarded(make_sshd, towline, tmp_path):
    """guarded(option ...) makes a key and a server that knows the least-privilege line only;
    gives the server, the key and what was printed."""

    def make(start, *options):
        server, key = make_sshd(), tmp_path / "pair"
        result = towline("keygen", key, *options).expect(0)
        server.authorized_keys.write_text(line_of(result, start) + "\n")
        return server, key

    return make


def test_one_command(guarded, towline, configuration, warehouse):
    command = """echo '[{"id":1,"v":"a \\"b\\" $HOME"}]'"""
    server, key = guarded("restrict,command=", "--command", command)
    target = f"{server.user}@{server.host}"
    assert ssh(server, key, target, "id").stdout == '[{"id":1,"v":"a \\"b\\" $HOME"}]\n'
    assert ssh(server, key, "-W", f"127.0.0.1:{server.port}", target).returncode != 0
    stream = {"table": "t", "command": command, "primary_key": "id", "completion": "status"}
    config = configuration(stream, server=server, ssh_private_key_path=str(key))
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, 'a "b" $HOME')]


def test_one_tunnel(guarded, sshd):
    server, key = guarded("restrict,permitopen=", "--tunnel", f"127.0.0.1:{sshd.port}")
    target = f"{server.user}@{server.host}"
    assert ssh(server, key, "-W", f"127.0.0.1:{sshd.port}", target).stdout.startswith("SSH-")
    assert ssh(server, key, "-W", f"127.0.0.1:{server.port}", target).returncode != 0
    assert ssh(server, key, target, "echo in").stdout == ""
    # What the line would be without port-forwarding does not suffice:
    line = server.authorized_keys.read_text()
    server.authorized_keys.write_text(line.replace(",port-forwarding", ""))
    assert ssh(server, key, "-W", f"127.0.0.1:{sshd.port}", target).returncode != 0


def test_the_only_streams_command_is_the_one_to_allow(towline, tmp_path):
    stream = {"table": "t", "primary_key": "id"}
    result = towline("keygen", tmp_path / "a", config={**stream, "command": "lsblk --json"})
    assert 'restrict,command="lsblk --json" ssh-ed25519' in result.expect(0).stdout
    result = towline("keygen", tmp_path / "b", config={**stream, "command": "q {{cursor}}"})
    assert 'restrict,command="COMMAND" ssh-ed25519' in result.expect(0).stdout


def test_install_line_works(towline, tmp_path, make_sshd, login_user):
    """The command for Linux, run by the account's own shell, lets the key in."""
    user = login_user()
    home = pathlib.Path(f"~{user}").expanduser()
    server = make_sshd(config=[f"AuthorizedKeysFile {home}/.ssh/authorized_keys",
                               "StrictModes yes"])
    server.user = user
    result = towline("keygen", tmp_path / "pair").expect(0)
    other = server.key.with_suffix(".pub").read_text().rstrip("\n")  # one without a line end
    subprocess.run(["su", "-", user, "-c", "umask 0; mkdir .ssh; cat > .ssh/authorized_keys"],
                   check=True, input=other, text=True)
    subprocess.run(["su", "-", user, "-c", line_of(result, "mkdir -p")], check=True)
    for key in (tmp_path / "pair", server.key):
        assert ssh(server, key, f"{user}@{server.host}", "echo in").stdout == "in\n"


def test_copying_line_is_for_a_shell(towline, tmp_path):
    result = towline("keygen", tmp_path / "two words", config={
        "ssh_host": "web", "ssh_user": "corp\\me", "ssh_port": "2222"}).expect(0)
    words = ["ssh-copy-id", "-i", f"{tmp_path}/two words.pub", "-p", "2222", "corp\\me@web"]
    assert shlex.split(line_of(result, "ssh-copy-id")) == words
