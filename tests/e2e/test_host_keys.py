"""Host keys: what the OpenSSH client says of a known_hosts file, Towline says, too."""
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess

import pytest

STREAM = {"table": "t", "command": "echo '[]'", "primary_key": "id"}


@pytest.fixture(scope="module")
def other_key(tmp_path_factory):
    """A public key that no server has."""
    path = tmp_path_factory.mktemp("other") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


@pytest.fixture
def agree(towline, configuration, tmp_path):
    """agree(server, known_hosts text ..., accepted=...): both clients accept, or both refuse;
    gives Towline's result."""

    def run(server, *texts, accepted, host=None, policy="strict"):
        paths = []
        for number, text in enumerate(texts):
            paths.append(tmp_path / f"known_hosts_{number}")
            paths[-1].write_text(text)
        names = " ".join(map(str, paths))
        host = host or server.host
        judge = subprocess.run(
            ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i",
             server.key, "-o", f"UserKnownHostsFile={names}", "-o", "GlobalKnownHostsFile=none",
             "-o", f"StrictHostKeyChecking={'yes' if policy == 'strict' else policy}", "-o",
             "UpdateHostKeys=no", "-p", str(server.port), f"{server.user}@{host}", "true"],
            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert (judge.returncode == 0) == accepted, judge.stderr
        for path, text in zip(paths, texts):
            path.write_text(text)
        config = configuration(STREAM, server=server, ssh_known_hosts_path=names, ssh_host=host,
                               ssh_host_key_policy=policy)
        return towline("sync", "--dry-run", config=config).expect(0 if accepted else 4)

    return run


def hashed(name):
    """The name as `HashKnownHosts yes` writes it."""
    salt = os.urandom(20)
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return "|1|" + "|".join(base64.b64encode(part).decode() for part in (salt, digest))


@pytest.mark.parametrize("lines, accepted", [
    ("[{h}]:{p} {k}", True), ("{h} {k}", True), ("{hashed} {k}", True),
    ("[{h}]:22 {k}", False), ("[{h}]:{p} {other}", False), ("{h} {other}", False),
    ("* {k}", True), ("127.0.0.? {k}", True), ("[*]:{p} {k}", True), ("128.* {k}", False),
    ("*,!127.0.0.1,![{h}]:{p} {k}", False), ("*,![{h}]:{p} {k}", True), ("!127.0.0.1 {k}", False),
    ("example.com,[{h}]:{p},x {k}", True), ("example.com {k}", False),
    ("# [{h}]:{p} {k}", False), ("", False), ("[{h}]:{p}\t{k} a comment", True),
    ("  [{h}]:{p} {k}", True), ("[{h}]:{p} {k}\r", True), ("[{h}]:{p} ssh-rsa", False),
    ("garbage\n[{h}]:{p} {k}", True), ("[{h}]:{p} {other}\n[{h}]:{p} {k}", True),
    ("@revoked * {k}", False), ("@revoked * {k}\n[{h}]:{p} {k}", False),
    ("[{h}]:{p} {k}\n@revoked [{h}]:{p} {k}", False), ("@revoked * {other}\n[{h}]:{p} {k}", True),
    ("@cert-authority * {k}", False), ("@unknown * {k}", False),
])
def test_lines(agree, sshd, other_key, lines, accepted):
    text = lines.format(h=sshd.host, p=sshd.port, k=sshd.host_key_line(), other=other_key,
                        hashed=hashed(f"[{sshd.host}]:{sshd.port}"))
    agree(sshd, text + "\n", accepted=accepted)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_types(agree, sshd, kind):
    """Only the type that is known is asked for, whatever else the server has."""
    agree(sshd, f"[{sshd.host}]:{sshd.port} {sshd.host_key_line(kind)}\n", accepted=True)


def test_several_files(agree, sshd):
    line = f"{sshd.host} {sshd.host_key_line()}\n"
    agree(sshd, "", line, accepted=True)
    agree(sshd, line, f"@revoked * {sshd.host_key_line()}\n", accepted=False)


def test_paths_with_blanks_are_given_as_an_array(towline, configuration, make_sshd, tmp_path):
    server = make_sshd(host_key_types=("ed25519",))
    first, second = tmp_path / "it's new" / "known hosts", tmp_path / "second"
    second.write_text(server.known_hosts.read_text())
    paths = [str(first), str(second)]
    for form in (paths, json.dumps(paths)):
        towline("sync", "--dry-run", config=configuration(
            STREAM, server=server, ssh_known_hosts_path=form)).expect(0)
    config = configuration(STREAM, server=server, ssh_known_hosts_path=paths[:1],
                           ssh_host_key_policy="accept-new")
    towline("sync", "--dry-run", config=config).expect(0, f"remembered in {first}")
    server.change_host_key()
    result = towline("sync", "--dry-run", config=config).expect(4, "somebody may be listening in")
    remedy = re.search(r"ssh-keygen -R .* -f .*(?=, then)", result.stderr)[0]
    subprocess.run(remedy, shell=True, check=True, capture_output=True)
    towline("check", "--approve", server.fingerprint(), config=config).expect(0)
    for wrong in ("  ", [""], {"a": 1}):
        towline("sync", config=configuration(STREAM, ssh_known_hosts_path=wrong)).expect(
            2, "ssh_known_hosts_path")


def test_new_and_changed_under_accept_new(agree, make_sshd):
    server = make_sshd(host_key_types=("ed25519",))
    agree(server, "", accepted=True, policy="accept-new")
    old = f"[{server.host}]:{server.port} {server.host_key_line()}\n"
    fingerprint = server.fingerprint()
    server.change_host_key()
    result = agree(server, old, "", accepted=False, policy="accept-new")
    assert "-f FILE for each" in result.stderr
    result = agree(server, old, accepted=False, policy="accept-new")
    assert "known_hosts_0, then towline check --approve" in result.stderr
    assert fingerprint in result.stderr and server.fingerprint() in result.stderr


def test_files_that_cannot_be_read(towline, configuration, sshd, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path, tmp_path / "loop"):
        for policy in ("strict", "accept-new"):
            config = configuration(STREAM, ssh_known_hosts_path=f"{path} {sshd.known_hosts}",
                                   ssh_host_key_policy=policy)
            towline("sync", config=config).expect(4, str(path))


# -- certificates --------------------------------------------------------------------------------

@pytest.fixture
def certified(make_sshd, tmp_path):
    """certified(kind, option of ssh-keygen ...) starts a server with a certificate for its key of
    that kind; gives it, and the authority's public key."""

    def make(kind, *options, ca="ed25519", config=(), host=True):
        authority = tmp_path / f"ca_{ca}"
        if not authority.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", ca, "-N", "", "-f", authority], check=True)
        server = make_sshd(config=config)
        key = server.dir / f"host_{kind}"
        subprocess.run(["ssh-keygen", "-q", "-s", authority, "-I", "host", *(["-h"] if host else []),
                        *options, f"{key}.pub"], check=True, capture_output=True)
        server.restart(config=[*config, f"HostCertificate {key}-cert.pub"])
        return server, " ".join(authority.with_suffix(".pub").read_text().split()[:2])

    return make


@pytest.mark.parametrize("kind, ca", [("ed25519", "ed25519"), ("ecdsa", "rsa"), ("rsa", "ecdsa")])
def test_certificate(agree, certified, kind, ca):
    server, authority = certified(kind, "-n", server_names(), ca=ca)
    agree(server, f"@cert-authority 127.0.0.1 {authority}\n", accepted=True)


def server_names():
    """The principals of a certificate that fits."""
    return "other,127.0.0.1"


@pytest.mark.parametrize("exchange", ["curve25519-sha256", "ecdh-sha2-nistp256",
                                      "diffie-hellman-group14-sha256"])
def test_certificate_by_every_exchange(agree, certified, exchange):
    server, authority = certified("ed25519", config=[f"KexAlgorithms {exchange}"])
    agree(server, f"@cert-authority * {authority}\n", accepted=True)


@pytest.mark.parametrize("options, lines, accepted, text", [
    (("-n", "other"), "@cert-authority * {ca}", False, "other hosts"),
    (("-n", "127.0.0.*"), "@cert-authority * {ca}", False, "other hosts"),
    (("-V", "20200101:20200102"), "@cert-authority * {ca}", False, "expired"),
    (("-V", "20990101:20990102"), "@cert-authority * {ca}", False, "not valid yet"),
    ((), "@cert-authority example.com {ca}", False, ""),
    ((), "@cert-authority [127.0.0.1]:{p} {ca}", True, ""),
    ((), "@cert-authority * {ca}\n@revoked * {ca}", False, "another authority"),
    ((), "@cert-authority * {ca}\n@revoked * {k}", False, "@revoked"),
    ((), "* {ca}", False, ""),
    ((), "@cert-authority * {k}", False, "another authority"),
    ((), "@cert-authority * {k}\n127.0.0.1 {k}", True, ""),
])
def test_certificate_that_is_not_good_enough(agree, certified, options, lines, accepted, text):
    server, authority = certified("ed25519", *options)
    lines = lines.format(ca=authority, k=server.host_key_line(), p=server.port)
    assert text in agree(server, lines + "\n", accepted=accepted).stderr


def test_server_without_a_certificate(agree, sshd):
    result = agree(sshd, f"@cert-authority * {sshd.host_key_line()}\n", accepted=False)
    assert "the server has no certificate" in result.stderr


def test_certificate_behind_a_jump_host(towline, configuration, certified, sshd, tmp_path):
    server, authority = certified("ed25519")
    known = tmp_path / "known"
    known.write_text(f"@cert-authority 127.0.0.1 {authority}\n")
    jump = {"ssh_host": sshd.host, "ssh_port": str(sshd.port), "ssh_user": sshd.user,
            "ssh_private_key_path": str(sshd.key), "ssh_known_hosts_path": str(sshd.known_hosts)}
    config = configuration(STREAM, server=server, ssh_known_hosts_path=str(known), ssh_jump=[jump])
    towline("sync", "--dry-run", config=config).expect(0)
