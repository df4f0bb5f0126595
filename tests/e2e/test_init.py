"""init: on a terminal it asks and tries; elsewhere it writes a template that can be filled in."""
import json
import os
import pty
import select
import signal
import subprocess
import time

import pytest

COMMAND = """echo '[{"id":1,"v":"a"},{"id":2,"v":"b"}]'"""


class Terminal:
    """The program on a terminal: expect(text) waits for it to be shown, type(text) answers."""

    def __init__(self, towline, *arguments):
        self.shown, self.at = "", 0
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen(
            [towline.program, *arguments], cwd=towline.directory, stdin=follower,
            stdout=subprocess.PIPE, stderr=follower, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": str(towline.home), "LC_ALL": "C.UTF-8"})
        os.close(follower)

    def expect(self, text, seconds=60):
        deadline = time.monotonic() + seconds
        while text not in self.shown[self.at:]:
            ready, _, _ = select.select([self.leader], [], [], deadline - time.monotonic())
            assert ready, f"{text!r} is not shown:\n{self.shown}"
            try:
                self.shown += os.read(self.leader, 4096).decode(errors="replace")
            except OSError:
                raise AssertionError(f"{text!r} is not shown:\n{self.shown}") from None
        self.at = self.shown.index(text, self.at) + len(text)

    def type(self, text):
        os.write(self.leader, f"{text}\n".encode())

    def answer(self, *pairs):
        """Each question in its turn, with its answer."""
        for question, text in pairs:
            self.expect(question)
            self.type(text)

    def end(self, code):
        assert self.process.wait(60) == code, self.shown
        assert self.process.stdout.read() == b""


@pytest.fixture
def terminal(towline):
    """terminal(argument ...) starts the program on one."""
    started = []

    def start(*arguments):
        started.append(Terminal(towline, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        os.close(one.leader)


def test_asks_and_tries(terminal, towline, sshd, tmp_path, warehouse):
    it = terminal("init")
    it.answer(("host to connect to:", ""), ("host to connect to:", "127.0.0.1"),
              ("SSH port: [22]", "twenty-two"))
    it.expect('"ssh_port" is "twenty-two": not a whole number')
    it.answer(("SSH port: [22]", "1"))
    it.expect("Connection refused")
    it.answer(("host to connect to: [127.0.0.1]", "user@127.0.0.1"), ("SSH port: [1]", ""))
    it.expect("is not a host name or address")
    it.answer(("host to connect to: [user@127.0.0.1]", "127.0.0.1"),
              ("SSH port: [1]", str(sshd.port)))
    it.expect("is not in ~/.ssh/known_hosts")
    kind = "ed25519" if "ssh-ed25519 SHA256" in it.shown else "ecdsa"
    it.answer(("The fingerprint", "yes"))
    it.expect('"yes" is no fingerprint')
    it.answer(("The fingerprint", sshd.fingerprint(kind)))
    it.expect("recorded in")
    it.answer(("user to log in as:", sshd.user), ("private key's path", "/nonexistent"),
              ("passphrase", ""), ("password", ""))
    it.expect("cannot read the private key /nonexistent")
    it.answer(("user to log in as:", ""), ("private key's path", str(sshd.key)),
              ("passphrase", ""), ("password", ""))
    it.expect("authentication:")
    it.answer(("command that prints", "echo nothing of the kind"), ("table to fill:", "things"))
    it.expect("not JSON")
    it.answer(("command that prints", COMMAND), ("table to fill: [things]", ""))
    it.expect("suggested primary key")
    it.answer(("identify a row", ""))
    it.expect("primary key")
    it.expect("written")
    it.end(0)
    path = tmp_path / "configuration.json"
    assert path.stat().st_mode & 0o777 == 0o600
    written = json.loads(path.read_text())
    assert written == {
        "ssh_host": "127.0.0.1", "ssh_port": str(sshd.port), "ssh_user": sshd.user,
        "ssh_private_key_path": str(sshd.key),
        "streams": [{"command": COMMAND, "table": "things", "primary_key": "id"}]}
    towline("sync").expect(0)
    assert warehouse.rows("things", "id", "v") == [(1, "a"), (2, "b")]


def test_the_end_of_the_input_ends_it(terminal, tmp_path):
    it = terminal("init")
    it.expect("host to connect to:")
    os.write(it.leader, b"\x04")
    it.expect("the input ended while asking")
    it.end(2)
    assert not list(tmp_path.glob("*.json"))


def test_secrets_do_not_show(terminal, make_sshd, login_user, tmp_path):
    server = make_sshd(config=["PasswordAuthentication yes"])
    server.user = login_user(password="hush hush")
    (tmp_path / "home/.ssh").mkdir(mode=0o700)
    (tmp_path / "home/.ssh/known_hosts").write_text(server.known_hosts.read_text())
    it = terminal("init", "-c", "secret.json")
    it.answer(("host", "127.0.0.1"), ("port", str(server.port)), ("user", server.user),
              ("path", ""), ("passphrase", ""), ("password", "hush hush"))
    it.expect("authentication:")
    assert "hush" not in it.shown
    it.answer(("command", COMMAND), ("table", "t"), ("row", ""))
    it.expect("written")
    it.end(0)
    assert "hush" not in it.shown
    assert json.loads((tmp_path / "secret.json").read_text())["ssh_password"] == "hush hush"


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_while_asking(terminal, tmp_path, number, code):
    it = terminal("init")
    it.expect("host to connect to:")
    it.process.send_signal(number)
    it.end(code)
    assert not (tmp_path / "configuration.json").exists()


def test_template(towline, sshd, tmp_path, warehouse):
    towline("init").expect(0, "configuration.json written", "check")
    path = tmp_path / "configuration.json"
    text = path.read_text()
    template = json.loads(text)
    assert path.stat().st_mode & 0o777 == 0o600
    for table in (template, template["streams"][0]):
        for key in table:
            assert key.startswith("//") or f"// {key}" in table
    towline("check").expect(2, "missing")
    for key, value in {"ssh_host": sshd.host, "ssh_port": sshd.port, "ssh_user": sshd.user,
                       "ssh_private_key_path": sshd.key, "command": COMMAND, "table": "things",
                       "ssh_known_hosts_path": sshd.known_hosts}.items():
        before = template.get(key, template["streams"][0].get(key))
        text = text.replace(f'"{key}": "{before}"', f'"{key}": {json.dumps(str(value))}', 1)
    path.write_text(text)
    towline("sync").expect(0)
    assert warehouse.count("things") == 2


def test_nothing_is_overwritten(towline, tmp_path):
    path = tmp_path / "configuration.json"
    path.write_text("mine")
    towline("init").expect(2, "configuration.json", "not overwritten", "-c FILE")
    assert path.read_text() == "mine"
    towline("init", "-c", "other.json").expect(0, "other.json written")
    towline("init", "-c", "/nonexistent/other.json").expect(2, "/nonexistent/other.json")


def test_comments_are_keys_with_slashes(towline, configuration):
    stream = {"//": "x", "table": "t", "command": COMMAND, "// a": 1}
    towline("sync", "--dry-run", config=configuration(stream, **{"// why": ["x"]})).expect(0)
    towline("sync", config=configuration(stream, **{"/ why": "x"})).expect(2, "/ why")
