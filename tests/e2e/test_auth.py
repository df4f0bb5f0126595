"""Ways to log in, each against a real sshd that is set up for it; what is said of the others."""
import base64
import functools
import os
import pathlib
import subprocess
import tempfile

import pytest
from program import accounts

STREAM = {"table": "t", "command": "echo '[]'", "primary_key": "id"}
PASSWORD = "correct horse battery"


def keygen(path, *arguments, passphrase=""):
    """Makes a key pair by ssh-keygen and returns the private key's path."""
    if arguments[:3] == ("-t", "rsa", "-b"):
        private, public = rsa(arguments[3])
        path.touch(mode=0o600)
        path.write_bytes(private)
        path.with_suffix(".pub").write_bytes(public)
        arguments = ("-p", "-P", "", *arguments[4:])  # gives it the form and the passphrase
    subprocess.run(["ssh-keygen", "-q", "-N", passphrase, "-C", "", "-f", path, *arguments],
                   check=True, stdin=subprocess.DEVNULL)
    return path


@functools.cache
def rsa(bits):
    """The private and the public key of that size: one for all tests, as making it takes long."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "key"
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", "", "-t", "rsa", "-b", bits, "-f", path],
                       check=True, stdin=subprocess.DEVNULL)
        return path.read_bytes(), path.with_suffix(".pub").read_bytes()


@pytest.fixture
def check(towline, configuration):
    """check(server, code, text ..., key=value ...): logs in, or fails so."""

    def run(server, code=0, *texts, env=None, **changes):
        changes = {"streams": [STREAM], "ssh_private_key_path": None, **changes}
        config = configuration(server=server, **changes)
        return towline("sync", "--dry-run", config=config, env=env).expect(code, *texts)

    return run


@pytest.fixture
def enter(check, sshd, tmp_path):
    """enter(key, ...): lets the key in at the shared server and logs in by it."""

    def run(key, code=0, *texts, **changes):
        sshd.authorize(key)
        return check(sshd, code, *texts, **{"ssh_private_key_path": str(key), **changes})

    return run


# -- keys ----------------------------------------------------------------------------------------

TYPES = [("ed25519",), ("rsa", "-b", "2048"), ("rsa", "-b", "4096"), ("ecdsa", "-b", "256"),
         ("ecdsa", "-b", "384"), ("ecdsa", "-b", "521")]


@pytest.mark.parametrize("kind", TYPES, ids="-".join)
def test_type(enter, tmp_path, kind):
    enter(keygen(tmp_path / "key", "-t", *kind))
    enter(keygen(tmp_path / "locked", "-t", *kind, passphrase="secret"),
          ssh_key_passphrase="secret")


@pytest.mark.parametrize("kind", [TYPES[1], *TYPES[3:]], ids="-".join)
@pytest.mark.parametrize("form", ["PEM", "PKCS8"])
def test_pem(enter, tmp_path, kind, form):
    enter(keygen(tmp_path / "key", "-t", *kind, "-m", form))
    enter(keygen(tmp_path / "locked", "-t", *kind, "-m", form, passphrase="secret"),
          ssh_key_passphrase="secret")


@pytest.mark.parametrize("cipher", ["aes256-ctr", "aes128-cbc", "3des-cbc",
                                    "aes256-gcm@openssh.com", "aes128-gcm@openssh.com",
                                    "chacha20-poly1305@openssh.com"])
def test_cipher_of_an_encrypted_key(enter, tmp_path, cipher):
    key = keygen(tmp_path / "key", "-t", "ed25519", "-Z", cipher, "-a", "2", passphrase="secret")
    enter(key, ssh_key_passphrase="secret")
    enter(key, 5, "does not open", ssh_key_passphrase="other")
    enter(key, 5, "ssh_key_passphrase")


def test_ed25519_in_pkcs8(enter, tmp_path):
    key = tmp_path / "key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
                         check=True, capture_output=True).stdout
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + der[-32:]
    pathlib.Path(f"{key}.pub").write_text(f"ssh-ed25519 {base64.b64encode(blob).decode()}\n")
    key.chmod(0o600)
    enter(key)
    subprocess.run(["openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out",
                    f"{key}.locked"], check=True)
    os.rename(f"{key}.locked", key)
    key.chmod(0o600)
    enter(key, ssh_key_passphrase="secret")


@pytest.mark.parametrize("kind", [("ed25519",), ("rsa", "-b", "2048", "-m", "PEM"),
                                  ("ecdsa", "-m", "PKCS8")], ids="-".join)
def test_key_as_text(enter, tmp_path, kind):
    key = keygen(tmp_path / "key", "-t", *kind)
    text = key.read_text()
    for bent in (text, text.replace("\n", "\\n"), text.replace("\n", "\r\n"),
                 base64.b64encode(text.encode()).decode()):
        enter(key, ssh_private_key_path=None, ssh_private_key=bent, ssh_key_passphrase="")


def test_putty_key(check, sshd, tmp_path):
    path = tmp_path / "key.ppk"
    path.touch(mode=0o600)
    path.write_text("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n")
    check(sshd, 5, f"puttygen {path} -O private-openssh -o {tmp_path}/key",
          ssh_private_key_path=str(path))
    check(sshd, 5, "puttygen KEY.ppk -O private-openssh -o KEY",
          ssh_private_key=path.read_text())


def test_a_refusal_names_what_was_tried_and_what_is_offered(check, make_sshd, tmp_path):
    server = make_sshd(config=["PasswordAuthentication yes"])
    key = keygen(tmp_path / "stranger", "-t", "ecdsa")
    fingerprint = subprocess.run(["ssh-keygen", "-lf", key], capture_output=True,
                                 text=True).stdout.split()[1]
    check(server, 5, fingerprint, str(key), "ecdsa-sha2-nistp256", "offers publickey,password",
          "authorized_keys", ssh_private_key_path=str(key))
    check(server, 2, "offers publickey,password", "ssh_private_key_path")


def test_the_last_attempt_allowed_is_a_refusal_too(check, make_sshd, agent, tmp_path):
    server = make_sshd(config=["MaxAuthTries 1"])
    stranger = keygen(tmp_path / "stranger", "-t", "ed25519")
    before = server.log().count("Connection from")
    check(server, 5, str(stranger), "offers publickey", "Too many authentication failures",
          ssh_private_key_path=str(stranger), retry_attempts="5")
    assert server.log().count("Connection from") == before + 1
    agent.add(stranger)
    check(server, 5, "Too many authentication failures", ssh_agent="true", env=agent.env,
          retry_attempts="5")


# -- certificates --------------------------------------------------------------------------------

@pytest.fixture
def authority(make_sshd, tmp_path):
    """A server that trusts an authority only; sign(key, option ...) makes certificates."""
    ca = keygen(tmp_path / "ca", "-t", "ed25519")
    server = make_sshd(config=[f"TrustedUserCAKeys {ca}.pub", "AuthorizedKeysFile none"])

    def sign(key, *options, by=ca):
        subprocess.run(["ssh-keygen", "-q", "-s", by, "-I", "test", *options, f"{key}.pub"],
                       check=True, capture_output=True)
        return f"{key}-cert.pub"

    server.sign = sign
    return server


@pytest.mark.parametrize("kind", [TYPES[0], TYPES[1], TYPES[3], TYPES[5]], ids="-".join)
def test_certificate(check, authority, tmp_path, kind):
    key = keygen(tmp_path / "key", "-t", *kind)
    certificate = authority.sign(key, "-n", authority.user)
    check(authority, ssh_private_key_path=str(key))  # found beside the key
    moved = tmp_path / "certificate"
    os.rename(certificate, moved)
    check(authority, 5, ssh_private_key_path=str(key))
    check(authority, ssh_private_key_path=str(key), ssh_certificate_path=str(moved))
    check(authority, ssh_private_key=key.read_text(), ssh_certificate_path=str(moved))


def test_a_certificate_that_cannot_work_says_why(check, authority, tmp_path):
    key = str(keygen(tmp_path / "key", "-t", "ed25519"))
    authority.sign(key, "-n", "somebody", "-V", "-1h:+1h")
    check(authority, 5, "for the users somebody", ssh_private_key_path=key)
    authority.sign(key, "-n", authority.user, "-V", "20200101:20200102")
    check(authority, 5, "expired 2020-01-0", "ssh-keygen -s CA", ssh_private_key_path=key)
    stranger = keygen(tmp_path / "other", "-t", "ed25519")
    other = authority.sign(stranger, "-n", authority.user)
    check(authority, 5, "another key", ssh_private_key_path=key, ssh_certificate_path=other)
    host = authority.sign(stranger, "-h", "-n", "x")
    check(authority, 5, "host's certificate", ssh_private_key_path=str(stranger),
          ssh_certificate_path=host)
    check(authority, 5, "ssh_certificate_path", ssh_private_key_path=key,
          ssh_certificate_path=str(tmp_path / "none"))
    check(authority, 5, "not a certificate", ssh_private_key_path=key,
          ssh_certificate_path=f"{key}.pub")


# -- agent ---------------------------------------------------------------------------------------

@pytest.fixture
def agent(tmp_path):
    """An agent; add(key ...) gives it keys. What to put into the environment is `env`."""
    socket = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE)
    process.stdout.readline()

    class Agent:
        env = {"SSH_AUTH_SOCK": str(socket)}

        @staticmethod
        def add(*keys):
            subprocess.run(["ssh-add", "-q", *keys], check=True, env=Agent.env)

    yield Agent
    process.kill()
    process.wait()


@pytest.mark.parametrize("kind", [TYPES[0], TYPES[1], TYPES[4]], ids="-".join)
def test_agent(check, sshd, agent, tmp_path, kind):
    key = keygen(tmp_path / "key", "-t", *kind)
    stranger = keygen(tmp_path / "stranger", "-t", "ed25519")
    sshd.authorize(key)
    agent.add(stranger, key)
    check(sshd, ssh_agent="true", env=agent.env)


def test_agent_that_does_not_help(check, sshd, agent, tmp_path):
    check(sshd, 5, "holds no key", "ssh-add KEY", ssh_agent="true", env=agent.env)
    check(sshd, 5, "SSH_AUTH_SOCK", "Start an agent", ssh_agent="true",
          env={"SSH_AUTH_SOCK": "/nonexistent"})
    check(sshd, 5, "SSH_AUTH_SOCK", ssh_agent="true")


def test_key_of_which_the_agent_has_the_private_half(check, make_sshd, agent, tmp_path):
    server = make_sshd(config=["MaxAuthTries 2"])
    key = keygen(tmp_path / "key", "-t", "ed25519")
    server.authorize(key)
    for n in range(3):
        agent.add(keygen(tmp_path / str(n), "-t", "ed25519"))
    locked = {"ssh_private_key_path": str(key), "ssh_agent": "true", "env": agent.env}
    agent.add(key)
    check(server, 5, "(MaxAuthTries", ssh_agent="true", env=agent.env)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", key], check=True)
    check(server, **locked)
    check(server, 5, "no passphrase is given", ssh_private_key_path=str(key), env=agent.env)
    check(server, 5, "does not open", **locked, ssh_key_passphrase="wrong")
    subprocess.run(["ssh-keygen", "-q", "-p", "-m", "PEM", "-P", "secret", "-N", "other", "-f",
                    keygen(tmp_path / "pem", "-t", "ecdsa", passphrase="secret")], check=True)
    check(server, 5, "ssh-add KEY", **{**locked, "ssh_private_key_path": str(tmp_path / "pem")})
    key.unlink()
    check(server, **locked)
    check(server, **{**locked, "ssh_private_key_path": f"{key}.pub"})
    check(server, 5, "cannot read the private key",
          **{**locked, "ssh_private_key_path": str(tmp_path / "none")})


@pytest.mark.parametrize("kind", TYPES, ids="-".join)
def test_certificate_in_the_agent(check, authority, agent, tmp_path, own_libssh2, kind):
    if kind[0] == "rsa" and not own_libssh2:
        pytest.skip("libssh2 1.11.1 as released asks the agent for a SHA-1 signature")
    key = keygen(tmp_path / "key", "-t", *kind)
    authority.sign(key, "-n", authority.user)
    agent.add(key)  # ssh-add takes the certificate along
    check(authority, ssh_agent="true", env=agent.env)


def test_certificate_whose_key_is_in_the_agent_only(check, authority, agent, tmp_path):
    key = keygen(tmp_path / "key", "-t", "ed25519")
    agent.add(key)
    authority.sign(key, "-n", authority.user)
    alone = {"ssh_agent": "true", "ssh_certificate_path": f"{key}-cert.pub"}
    check(authority, 5, "ssh_certificate_path needs its private key", env=agent.env, **alone)
    check(authority, 5, "Start an agent", **alone)


def test_the_agent_is_never_forwarded(check, sshd, agent, tmp_path):
    key = keygen(tmp_path / "key", "-t", "ed25519")
    sshd.authorize(key)
    agent.add(key)
    check(sshd, ssh_agent="true", env=agent.env)
    stream = {**STREAM, "command": 'printf \'[{"id":"%s"}]\' "$SSH_AUTH_SOCK"'}
    result = check(sshd, ssh_agent="true", env=agent.env, streams=[stream])
    assert str(tmp_path / "agent") not in result.stdout
    assert "auth-agent-req" not in sshd.log()


# -- passwords -----------------------------------------------------------------------------------

@pytest.fixture
def account(make_sshd, login_user):
    """account(line of sshd_config ...): a server with an account that has a password."""

    def make(*config):
        server = make_sshd(config=config)
        server.user = login_user(password=PASSWORD)
        return server

    return make


def test_password(check, account):
    server = account("PasswordAuthentication yes")
    check(server, ssh_password=PASSWORD)
    result = check(server, 5, "tried password", "ssh_password", ssh_password="wrong secret")
    assert "wrong secret" not in result.stderr


def test_keyboard_interactive(check, account):
    server = account("UsePAM yes", "KbdInteractiveAuthentication yes")
    check(server, ssh_password=PASSWORD)
    result = check(server, 5, "keyboard-interactive", ssh_password="wrong secret")
    assert "wrong secret" not in result.stderr


def test_password_or_account_that_has_expired(check, account):
    server = account("UsePAM yes", "KbdInteractiveAuthentication yes")
    key = {"ssh_private_key_path": str(server.key)}
    with accounts():
        subprocess.run(["chage", "-d", "0", server.user], check=True)
    check(server, 6, "password has expired", "change it", **key)
    check(server, 5, "change it", ssh_password=PASSWORD)
    with accounts():
        subprocess.run(["chage", "-d", "2020-01-01", "-E", "2020-02-01", server.user], check=True)
    check(server, 3, "may be expired", **key)


@pytest.mark.skipif(os.geteuid() != 0, reason="logging in as root takes root")
def test_root_that_is_kept_out(check, make_sshd):
    server = make_sshd(config=["PermitRootLogin no", "PasswordAuthentication yes"])
    key = {"ssh_private_key_path": str(server.key)}
    check(server, 5, "knows the key", "PermitRootLogin", **key)
    check(server, 5, "PermitRootLogin", ssh_password="wrong")
    server.restart(["AuthenticationMethods publickey,password", "PasswordAuthentication yes"])
    result = check(server, 5, "accepted the private key", "ssh_password", ssh_password="no", **key)
    assert "knows the key" not in result.stderr


@pytest.mark.parametrize("methods, config", [
    ("publickey,password", ("PasswordAuthentication yes",)),
    ("password,publickey", ("PasswordAuthentication yes",)),
    ("publickey,keyboard-interactive", ("UsePAM yes", "KbdInteractiveAuthentication yes")),
])
def test_two_proofs(check, account, methods, config):
    server = account(f"AuthenticationMethods {methods}", *config)
    key = {"ssh_private_key_path": str(server.key)}
    first, second = methods.split(",")
    accepted = "private key" if first == "publickey" else "password"
    check(server, ssh_password=PASSWORD, **key)
    check(server, ssh_password=PASSWORD, ssh_login="key-and-password", **key)
    for alone in ("key", "password"):
        check(server, 5, ssh_password=PASSWORD, ssh_login=alone, **key)
    # What was accepted is not what has to be mended.
    result = check(server, 5, "tried", "ssh_password", ssh_password="wrong", **key)
    assert "authorized_keys" not in result.stderr
    only = key if first == "publickey" else {"ssh_password": PASSWORD}
    missing = "Set ssh_password, too" if first == "publickey" else "Set ssh_private_key_path"
    check(server, 5, f"accepted the {accepted}", f"offers {second}", missing, **only)
    other = {"ssh_password": PASSWORD} if first == "publickey" else key
    check(server, 5, f"({'password' if first == 'publickey' else 'private key'})",
          f"offers {first}", **other)


def test_a_server_that_takes_nothing(check, make_sshd):
    server = make_sshd(config=["PubkeyAuthentication no"])
    check(server, 5, "offers no method", "PubkeyAuthentication",
          ssh_private_key_path=str(server.key))


def test_two_keys(check, make_sshd, agent, tmp_path):
    server = make_sshd(config=["AuthenticationMethods publickey,publickey"])
    second = keygen(tmp_path / "second", "-t", "ecdsa")
    server.authorize(second)
    agent.add(second)
    check(server, ssh_private_key_path=str(server.key), ssh_agent="true", env=agent.env)
    check(server, 5, ssh_private_key_path=str(server.key))
