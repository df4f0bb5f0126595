"""Servers that mean harm: the program ends in time, says why, and lets nothing through."""
import os
import pathlib
import re
import signal

import paramiko
import pytest
from hostile import (BANNER, CHANNEL_CLOSE, CHANNEL_EOF, CHANNEL_SUCCESS, IGNORE, Raw, Speaker,
                     channel_data, debug, disconnect, ended_with, extensions, farewell, kexinit,
                     killed_by, login_banner, login_failure, new_password_wanted, no_channel,
                     packet)
from program import wait_until

STREAM = {"table": "t", "command": "echo '[]'", "primary_key": "id"}
TIMEOUT = "2"  # where it is what ends the attempt; elsewhere a slow machine must not
ESCAPES = "\x1b[31mred\x07\x9b2J\r\nINFO fake\u202e"
# Everything below a blank but tab and newline, DEL, and C1.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


@pytest.fixture
def meet(towline, configuration, tmp_path):
    """meet(server, code, text ...): what comes of a sync with that server."""

    def run(server, code, *texts, **changes):
        known = tmp_path / "known_hosts"
        if isinstance(server, Speaker):
            server.known_hosts(known)
        config = configuration(STREAM, **{
            "ssh_host": "127.0.0.1", "ssh_port": str(server.port), "ssh_user": "u",
            "ssh_known_hosts_path": str(known), "ssh_connect_timeout": "60", **changes})
        result = towline("sync", "--dry-run", "--log-level", "debug", config=config)
        result.expect(code, *texts)
        assert not CONTROL.search(result.stdout + result.stderr), repr(result.stderr)
        assert not any(line.startswith("INFO fake") for line in result.stderr.splitlines())
        return result

    return run


# -- before encryption ---------------------------------------------------------------------------

@pytest.mark.parametrize("pieces, forever, texts", [
    ((b"",), False, ("closed the connection",)),
    ((b"x" * 1_000_000,), False, ("not an SSH server",)),
    ((b"x" * 100_000,), True, ("not an SSH server",)),
    ((b"hello\r\n" * 200_000, BANNER), False, ()),
    ((b"\n" * 50_000,), True, ("not an SSH server",)),
    ((b"SSH-2.0-" + b"x" * 1_000_000 + b"\r\n",), False, ()),
    ((b"S", 0.3), True, ()),
    ((f"SSH-2.0-{ESCAPES}".encode(),), False, ()),
    ((ESCAPES.encode() * 10,), False, ("not an SSH server",)),
    ((BANNER,), False, ("closed the connection",)),
    ((BANNER, 60.0), False, ("longer than is allowed",)),
    ((BANNER + kexinit()[:100],), False, ("closed the connection",)),
    ((BANNER + kexinit(),), False, ("closed the connection",)),
    ((BANNER + kexinit(), 60.0), False, ("longer than is allowed",)),
    ((BANNER + kexinit(), IGNORE), True, ("without end",)),
    ((BANNER + kexinit(), IGNORE, 0.2), True, ("longer than is allowed",)),
    ((BANNER + kexinit((0, ESCAPES)),), False, ("no common key exchange",)),
    ((BANNER + kexinit((1, "x," * 10_000)),), False, ("no common host key",)),
    ((BANNER + disconnect(ESCAPES),), False, ()),
    ((BANNER + kexinit() + disconnect(ESCAPES),), False, ()),
    ((BANNER + b"\xff\xff\xff\xff" + bytes(1000),), False, ()),
    ((BANNER + b"\0\0\0\0" + bytes(1000),), False, ()),
    ((BANNER + packet(b"\x14" + bytes(16) + b"\xff\xff\xff\xf0" + bytes(100)),), False, ()),
    ((BANNER + kexinit() + packet(b"\x1f" + b"\xff" * 100),), False, ()),
    ((BANNER + kexinit() + packet(b"\x1f" + bytes(12)), 60.0), False, ()),
    ((BANNER + kexinit((0, "curve25519-sha256,ext-info-c")),), True, ("as an SSH client does",)),
], ids=range(26))
def test_before_encryption(meet, pieces, forever, texts):
    waits = forever or isinstance(pieces[-1], float)
    with Raw(*pieces, forever=forever) as server:
        meet(server, 3, *texts, **{"ssh_connect_timeout": TIMEOUT} if waits else {})


def test_a_key_exchange_that_is_none(meet, own_libssh2):
    if not own_libssh2:
        pytest.skip("it is the private build's patch")
    with Raw(BANNER + IGNORE + kexinit((0, "kex-strict-c-v00@openssh.com"))) as server:
        meet(server, 3)


# -- logging in ----------------------------------------------------------------------------------

def test_partial_success_without_end(meet):
    with Speaker(methods="publickey,password", password=paramiko.AUTH_PARTIALLY_SUCCESSFUL,
                 publickey=paramiko.AUTH_PARTIALLY_SUCCESSFUL) as server:
        meet(server, 5, "refused the login", ssh_password="canary")
        assert [method for method, _ in server.attempts].count("password") == 1


@pytest.mark.parametrize("questions, shown, texts", [
    (["Password: "], ["canary"], ("refused", "keyboard-interactive")),
    (["Password: ", "Again: "], ["canary", ""], ("Again: ",)),
    (["u@host's password:"], ["canary"], ()),
    (["Passwort: "], ["canary"], ()),
    (["Mot de passe : "], ["canary"], ()),
    (["Пароль: "], ["canary"], ()),
    (["Verification code: "], [""], ("which asked \"Verification code: ",)),
    (["Passcode: "], [""], ("Passcode",)),
    (["New password: "], [""], ()),
    ([ESCAPES], [""], ("which asked",)),
])
def test_questions_without_end(meet, questions, shown, texts):
    with Speaker(methods="keyboard-interactive", questions=questions) as server:
        result = meet(server, 5, "refused the login", *texts, ssh_private_key_path=None,
                      ssh_password="canary")
        answers = [answer for _, answer in server.attempts]
        assert [answer[0] for answer in answers[:len(shown)]] == shown
        assert sum(answer.count("canary") for answer in answers) == shown.count("canary")
        assert len(answers) < 20
        assert "canary" not in result.stdout + result.stderr


def test_login_banner_that_is_too_large(towline, configuration, make_sshd, tmp_path):
    banner = tmp_path / "banner"
    banner.write_text("A" * 100000)
    server = make_sshd(config=[f"Banner {banner}"])
    towline("sync", config=configuration(server=server, table="t", command="echo '[]'")) \
        .expect(3, "asking how to log in")


def test_banner_with_control_sequences(meet):
    with Speaker(banner=ESCAPES * 100) as server:
        meet(server, 5, ssh_password="canary", ssh_private_key_path=None)


@pytest.mark.parametrize("close_at, code", [("auth", 3), ("channel", 3), ("exec", 3)])
def test_server_that_hangs_up(meet, close_at, code):
    with Speaker(close_at=close_at, password=paramiko.AUTH_SUCCESSFUL) as server:
        meet(server, code, ssh_password="canary", ssh_private_key_path=None)


def test_garbled_answer_to_the_command_is_a_lost_connection(meet):
    with Speaker(garble_at="exec", password=paramiko.AUTH_SUCCESSFUL) as server:
        meet(server, 3, ssh_password="canary", ssh_private_key_path=None)


def test_channels_that_the_server_opens(meet):
    with Speaker(password=paramiko.AUTH_SUCCESSFUL,
                 reverse=["auth-agent@openssh.com", "x11", "forwarded-tcpip", "session"]) as server:
        meet(server, 6, ssh_password="canary", ssh_private_key_path=None, command_timeout="1",
             streams=[{**STREAM, "completion": "status"}])
        assert server.opened == []


# -- after login ---------------------------------------------------------------------------------

def test_stderr_without_end(towline, configuration, warehouse):
    flood = "yes \"$(printf '\\033[31m%01000d' 0)\" | head -c 30000000 >&2"
    stream = {**STREAM, "command": f"{flood}; echo '[{{\"id\":1}}]'"}
    result = towline("sync", config=configuration(stream)).expect(0)
    assert warehouse.count("t") == 1
    assert not CONTROL.search(result.stdout + result.stderr)
    assert len(result.stderr) < 1_000_000


# -- what is said out of turn --------------------------------------------------------------------

LONG = {"forever": True}
DATA = channel_data(b"x" * 30000)


@pytest.mark.parametrize("when, says, forever, code, texts", [
    ("none", [login_banner(ESCAPES)], True, 3, ("without end",)),
    ("none", [login_failure(ESCAPES)], False, 5, ()),
    ("none", [extensions(0xffffffff)], False, 5, ()),
    ("none", [debug(ESCAPES)], True, 3, ()),
    ("none", [farewell(ESCAPES)], False, 3, ("saying \"\\x1b[31mred",)),
    ("none", [b"\x32" + bytes(1000)], True, 3, ()),
    ("none", [b"\x50" + b"\xff" * 40], True, 3, ()),
    ("none", [b"\x14" + bytes(300)], False, 3, ()),
    ("none", [DATA], True, 3, ()),
    ("password", [new_password_wanted(ESCAPES), None], False, 5, ("expired",)),
    ("password", [farewell(ESCAPES)], False, 5, ("hung up saying \"\\x1b[31mred",)),
    ("password", [login_banner(ESCAPES)], True, 3, ()),
], ids=range(12))
def test_said_out_of_turn_at_login(meet, when, says, forever, code, texts):
    with Speaker(say={when: says}, forever=forever) as server:
        meet(server, code, *texts, ssh_password="canary", ssh_private_key_path=None,
             ssh_connect_timeout=TIMEOUT if forever or None in says else "60")


@pytest.mark.parametrize("when, says, forever, code, texts", [
    ("channel", [no_channel(1, ESCAPES)], False, 3, ("MaxSessions",)),
    ("channel", [debug(ESCAPES)], True, 3, ("took longer", "ssh_connect_timeout")),
    ("channel", [farewell(ESCAPES)], False, 3, ("saying \"\\x1b[31mred",)),
    ("exec", [CHANNEL_SUCCESS, killed_by(ESCAPES, ESCAPES), CHANNEL_EOF, CHANNEL_CLOSE], False, 6,
     ("signal",)),
    ("exec", [CHANNEL_SUCCESS, ended_with(0), ended_with(256), CHANNEL_EOF, CHANNEL_CLOSE], False,
     6, ()),
    ("exec", [CHANNEL_SUCCESS, CHANNEL_EOF, CHANNEL_CLOSE], False, 6, ()),
    ("exec", [CHANNEL_SUCCESS, channel_data(ESCAPES.encode(), 1), farewell(ESCAPES)], False, 3,
     ()),
    ("exec", [CHANNEL_SUCCESS, channel_data(ESCAPES.encode(), 1)], True, 6, ()),
    ("exec", [CHANNEL_SUCCESS, channel_data(b"[" * 30000)], True, 7, ()),
    ("exec", [CHANNEL_SUCCESS, channel_data(b" " * 30000)], True, 6, ()),
    ("exec", [CHANNEL_SUCCESS, channel_data(b"x" * 30000, 7)], True, 6, ()),
    ("exec", [CHANNEL_SUCCESS, channel_data(b"x", channel=77)], True, 6, ()),
    ("exec", [CHANNEL_SUCCESS, debug(ESCAPES)], True, 6, ()),
    ("exec", [CHANNEL_SUCCESS, b"\x50" + b"\0\0\0\1x\1"], True, 6, ()),
    ("exec", [CHANNEL_SUCCESS, CHANNEL_EOF, channel_data(b"[]")], True, 6, ()),
], ids=range(15))
def test_said_out_of_turn_after_login(meet, when, says, forever, code, texts):
    with Speaker(say={when: says}, forever=forever, password=paramiko.AUTH_SUCCESSFUL) as server:
        meet(server, code, *texts, ssh_password="canary", ssh_private_key_path=None,
             ssh_connect_timeout=TIMEOUT if forever and code == 3 else "60",
             command_timeout="1", streams=[{**STREAM, "completion": "status"}])


# -- secrets -------------------------------------------------------------------------------------

def memory_of(pid):
    """All that a process holds in memory."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            area, rights = line.split()[:2]
            begin, end = (int(part, 16) for part in area.split("-"))
            if "r" not in rights or "[v" in line:
                continue
            memory.seek(begin)
            try:
                yield memory.read(end - begin)
            except OSError:
                continue


@pytest.fixture
def working(towline, configuration, sshd):
    """working(key=value ...): a sync that has logged in and waits for its command."""
    started = []

    def start(**changes):
        stream = {**STREAM, "command": "sleep 7654"}
        config = configuration(stream, **changes)
        started.append(towline.start("sync", config=config))
        wait_until(lambda: any("sleep 7654" in line for line in sshd.commands()))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads another's memory")
@pytest.mark.parametrize("passphrase", ["", "open sesame canary"])
def test_keys_do_not_stay_in_memory(working, sshd, passphrase):
    key = sshd.make_key(f"id_memory_{len(passphrase)}", passphrase=passphrase)
    plain = paramiko.Ed25519Key.from_private_key_file(key, passphrase or None)
    seed = plain._signing_key._seed  # pylint: disable=protected-access
    body = "".join(key.read_text().splitlines()[2:-1])[-80:].encode()
    process = working(ssh_private_key_path=str(key), ssh_key_passphrase=passphrase)
    if "asan" in str(process.args[0]):
        pytest.skip("freed memory is kept aside by the sanitizer")
    for area in memory_of(process.pid):
        assert seed not in area
        assert body[:60] not in area


def test_no_core_file_and_nothing_in_the_process_list(working, sshd, tmp_path):
    process = working(api_key="canary-api-key", ssh_password="canary-password")
    limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert b"canary" not in pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
    if os.geteuid() == 0 and "asan" not in str(process.args[0]):
        status = os.stat(f"/proc/{process.pid}/environ")
        assert status.st_uid == 0
    process.send_signal(signal.SIGSEGV)
    stdout, stderr = process.communicate(timeout=60)
    assert b"canary" not in stdout + stderr
    assert not list(tmp_path.glob("core*"))


CANARIES = {"ssh_password": "canary-one", "ssh_key_passphrase": "canary-two",
            "api_key": "canary-three"}


@pytest.mark.parametrize("command", ["check", "discover", "sync", "debug"])
@pytest.mark.parametrize("changes", [
    {"ssh_port": "1"}, {"ssh_host_key_sha256": "SHA256:" + "A" * 43},
    {"ssh_private_key_path": "/nonexistent"}, {"ssh_hots": "x"},
    {"streams": [{**STREAM, "command": "echo {{config.api_key}}; exit 3"}]},
    {"streams": [{**STREAM, "command": "echo {{config.api_key}} >&2; echo x{{config.api_key}}"}]},
], ids=range(6))
def test_secrets_are_in_no_output(towline, configuration, command, changes):
    config = configuration(**{"streams": [STREAM], **CANARIES, **changes})
    result = towline(command, "--log-level", "debug", config=config)
    assert result.code != 0
    assert "canary" not in result.stdout + result.stderr
