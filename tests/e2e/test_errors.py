"""Bad input: the exit code of the contract, one clear line, and a destination as it was."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import uuid

import pytest
from program import ENDLESS, SECONDS, wait_until

GOOD = {"table": "t", "command": "echo '[{\"id\":1,\"v\":\"kept\"}]'", "primary_key": ["id"]}


def with_command(command, **fields):
    """The good stream with another command."""
    return {**GOOD, "command": command, **fields}


@pytest.fixture
def filled(towline, configuration, warehouse):
    """A destination with a row in it; gives what it holds."""
    towline("sync", config=configuration(GOOD)).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, "kept")]
    return warehouse.content()


@pytest.fixture
def refuses(towline, warehouse, filled):
    """refuses(code, config, text, ...): the sync fails so, says so, and changes nothing."""

    def check(code, config, *texts, arguments=()):
        result = towline("sync", *arguments, config=config).expect(code, *texts)
        assert warehouse.content() == filled
        assert warehouse.is_sound()
        assert "AddressSanitizer" not in result.stderr
        return result

    return check


# -- keys ----------------------------------------------------------------------------------------

def test_missing_key(refuses, configuration, tmp_path):
    refuses(5, configuration(GOOD, ssh_private_key_path=str(tmp_path / "none")),
            str(tmp_path / "none"))


def test_key_that_is_a_folder(refuses, configuration, tmp_path):
    refuses(5, configuration(GOOD, ssh_private_key_path=str(tmp_path)), str(tmp_path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable_key(refuses, configuration, sshd, tmp_path):
    path = tmp_path / "key"
    path.write_bytes(sshd.key.read_bytes())
    path.chmod(0)
    refuses(5, configuration(GOOD, ssh_private_key_path=str(path)), "permission")


def test_key_that_others_can_read(refuses, configuration, sshd, tmp_path):
    path = tmp_path / "key"
    path.write_bytes(sshd.key.read_bytes())
    path.chmod(0o644)
    refuses(5, configuration(GOOD, ssh_private_key_path=str(path)), str(path), "chmod")


def test_encrypted_key_without_and_with_wrong_passphrase(refuses, towline, configuration, sshd):
    key = str(sshd.make_key("id_locked", passphrase="open sesame"))
    refuses(5, configuration(GOOD, ssh_private_key_path=key), "passphrase")
    wrong = configuration(GOOD, ssh_private_key_path=key, ssh_key_passphrase="open barley")
    assert "open barley" not in refuses(5, wrong, "passphrase").stderr
    right = configuration(GOOD, ssh_private_key_path=key, ssh_key_passphrase="open sesame")
    towline("sync", config=right).expect(0)


@pytest.mark.parametrize("text", ["garbage", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
                                  "-----END OPENSSH PRIVATE KEY-----\n"])
def test_malformed_key(refuses, configuration, text):
    refuses(5, configuration(GOOD, ssh_private_key_path=None, ssh_private_key=text), "key")


def test_key_the_server_does_not_know(refuses, configuration, sshd):
    key = sshd.make_key("id_stranger", authorize=False)
    refuses(5, configuration(GOOD, ssh_private_key_path=str(key)), sshd.user)


# -- configuration -------------------------------------------------------------------------------

@pytest.mark.parametrize("changes, texts", [
    ({"ssh_hots": "x"}, ("ssh_hots", "ssh_host")),
    ({"ssh_port": "0"}, ("ssh_port",)),
    ({"ssh_port": "65536"}, ("ssh_port",)),
    ({"ssh_port": "22x"}, ("ssh_port", "22x")),
    ({"ssh_host": None}, ("ssh_host",)),
    ({"ssh_host_key_policy": "lax"}, ("ssh_host_key_policy", "strict")),
    ({"streams": []}, ("streams",)),
    ({"streams": "[{"}, ("streams",)),
    ({"streams": [{"table": "t"}]}, ("command",)),
    ({"streams": [{"command": "true"}]}, ("table",)),
    ({"streams": [{**GOOD, "primry_key": "id"}]}, ("primry_key", "primary_key")),
    ({"streams": [GOOD, GOOD]}, ("t",)),
    ({"streams": [{**GOOD, "command": "echo {{config.nothing}}"}]}, ("nothing",)),
    ({"streams": [{**GOOD, "command": "echo {{cursor}}"}]}, ("cursor",)),
    ({"streams": [{**GOOD, "columns": {"id": "NUMBER"}}]}, ("NUMBER",)),
])
def test_wrong_configuration(refuses, configuration, changes, texts):
    refuses(2, configuration(**{"streams": [GOOD], **changes}), *texts)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"ssh_host":"x"} trailing', '"x"'])
def test_configuration_that_is_no_object(refuses, text):
    refuses(2, text, "configuration.json")


def test_missing_configuration(towline, tmp_path):
    towline("sync").expect(2, "configuration.json")
    towline("sync", "-c", tmp_path / "other.json").expect(2, "other.json")


# -- connection ----------------------------------------------------------------------------------

def test_unresolvable_host(refuses, configuration):
    refuses(3, configuration(GOOD, ssh_host="no-such-host.invalid"), "no-such-host.invalid")


def test_refused_connection(refuses, configuration, closed_port):
    refuses(3, configuration(GOOD, ssh_port=str(closed_port)), str(closed_port), "refused")


def test_server_that_never_speaks(refuses, configuration):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = configuration(GOOD, ssh_port=str(silent.getsockname()[1]),
                               ssh_connect_timeout="1")
        refuses(3, config, "fell silent")


def test_server_that_is_not_ssh(refuses, configuration, playground):
    refuses(3, configuration(GOOD, ssh_port=str(playground.port)))


# -- host key ------------------------------------------------------------------------------------

def test_unknown_host(refuses, configuration, sshd, tmp_path):
    empty = tmp_path / "known_hosts"
    empty.write_text("")
    refuses(4, configuration(GOOD, ssh_known_hosts_path=str(empty)), "SHA256:")
    assert empty.read_text() == ""


def test_changed_host_key(refuses, configuration, make_sshd, towline):
    server = make_sshd(host_key_types=("ed25519",))
    towline("sync", config=configuration(GOOD, server=server)).expect(0)
    old = server.fingerprint()
    server.change_host_key()
    for policy in ("strict", "accept-new"):
        config = configuration(GOOD, server=server, ssh_host_key_policy=policy)
        result = towline("sync", config=config).expect(4, server.fingerprint())
        assert old in result.stderr
    known = server.known_hosts.read_text()
    assert server.host_key_line() not in known
    relaxed = configuration(GOOD, server=server, ssh_host_key_policy="relaxed")
    towline("sync", config=relaxed).expect(0, "warn")


def test_pinned_fingerprint(refuses, towline, configuration, sshd):
    refuses(4, configuration(GOOD, ssh_host_key_sha256="SHA256:" + "A" * 43), "SHA256:AAAA")
    for kind in sshd.host_key_types:
        config = configuration(GOOD, ssh_host_key_sha256=sshd.fingerprint(kind),
                               ssh_known_hosts_path="/nonexistent")
        towline("sync", config=config).expect(0)


def test_accept_new_remembers(towline, configuration, sshd, tmp_path):
    known = tmp_path / "known"
    config = configuration(GOOD, ssh_host_key_policy="accept-new",
                           ssh_known_hosts_path=str(known))
    towline("sync", config=config).expect(0)
    remembered = known.read_text()
    assert any(sshd.host_key_line(kind) in remembered for kind in sshd.host_key_types)
    assert known.stat().st_mode & 0o077 == 0
    towline("sync", config={**config, "ssh_host_key_policy": "strict"}).expect(0)
    assert known.read_text() == remembered


# -- the remote command --------------------------------------------------------------------------

ROWS = "echo '[{\"id\":1,\"v\":\"new\"},{\"id\":2}]'"


@pytest.mark.parametrize("stream, texts", [
    (with_command("no-such-command-here"), ("127", "no-such-command-here")),
    (with_command(f"{ROWS}; exit 3"), ("3",)),
    (with_command(f"{ROWS}; kill -9 $$"), ()),
    (with_command(f"{ROWS}; sh -c 'kill -TERM $$'"), ()),
    (with_command("echo only this >&2; exit 1"), ("only this",)),
    (with_command(f"echo a warning >&2; {ROWS}", fail_on_stderr=True), ("stderr",)),
    (with_command(ROWS, expected_exit_codes=[7]), ("0",)),
    (with_command("echo 'unclosed"), ()),
])
def test_failing_command(refuses, configuration, stream, texts):
    refuses(6, configuration(stream), "t", *texts)


def wait_until_gone(text):
    """Waits until no process of this machine has the text in its command line: those of an ended
    connection are nobody's children."""
    wait_until(lambda: subprocess.run(["pgrep", "-f", text], capture_output=True).returncode == 1,
               f"{text} still runs")


@pytest.fixture
def seconds():
    """A number of seconds that no other test sleeps for."""
    return str(70000 + uuid.uuid4().int % 20000)


@pytest.mark.parametrize("command, end", [
    ("sleep {}", "ended by signal TERM"),
    ("trap '' TERM; sleep {}", "ended by signal"),
    ("seq 300000 | sed 's/.*/{{\"id\":&}}/'; sleep {}", "ended by signal TERM"),
])
def test_a_timeout_ends_the_remote_processes(refuses, configuration, seconds, command, end):
    stream = with_command(command.format(seconds))
    refuses(6, configuration(stream, command_timeout="1"), "t", "command_timeout (1 s)", end)
    wait_until_gone(f"sleep {seconds}")


def test_a_timeout_of_another_users_command(refuses, configuration, make_sshd, login_user, seconds):
    server = make_sshd()
    server.user = login_user("/bin/bash")
    stream = with_command(f"sleep {seconds}", completion="status")
    refuses(6, configuration(stream, server=server, command_timeout="1"), "ended by signal TERM")
    wait_until_gone(f"sleep {seconds}")


@pytest.mark.parametrize("shell", ["/bin/bash", "/bin/rbash", "/bin/tcsh", "/usr/bin/fish"])
def test_a_timeout_of_a_command_that_ignores_term(refuses, configuration, make_sshd, login_user,
                                                  seconds, shell):
    server = make_sshd()
    server.user = login_user(shell)
    stream = with_command(f"sh -c \"trap '' TERM; sleep {seconds}; :\"")
    refuses(6, configuration(stream, server=server, command_timeout="1"), "ended by signal")
    wait_until_gone(f"sleep {seconds}")


def test_a_timeout_before_the_mark_came(refuses, configuration, make_sshd, seconds):
    """A server that sends no signals, and a shell that takes its time to begin."""
    server = make_sshd(config=["ForceCommand sleep 1.5; exec sh -c \"$SSH_ORIGINAL_COMMAND\""])
    refuses(6, configuration(with_command(f"sleep {seconds}"), server=server,
                             command_timeout="1"), "it was ended by signal")
    wait_until_gone(f"sleep {seconds}")


def test_a_timeout_that_cannot_end_the_command_says_so(refuses, configuration, make_sshd, seconds):
    server = make_sshd(config=[f"ForceCommand sleep {seconds}"])
    stream = with_command("anything", completion="status")
    server.user = "root"
    refuses(6, configuration(stream, server=server, command_timeout="1"), "may run on all the same")
    subprocess.run(["pkill", "-f", f"^sleep {seconds}"], check=False)


def test_output_that_is_refused_ends_the_remote_processes(refuses, configuration, seconds):
    refuses(7, configuration(with_command(f"seq 100000 | sed 's/^/bad /'; sleep {seconds}")), "t")
    wait_until_gone(f"sleep {seconds}")


def test_the_next_stream_goes_on_after_a_timeout(towline, configuration, make_sshd, warehouse,
                                                 seconds):
    server = make_sshd(config=["MaxSessions 1"])
    slow = {"table": "slow", "primary_key": ["id"], "command": f"sleep {seconds}"}
    towline("sync", config=configuration(
        slow, with_command(ROWS), server=server, command_timeout="5")).expect(10, "slow")
    assert warehouse.count("t") == 2
    subprocess.run(["pkill", "-f", f"^sleep {seconds}"], check=False)


def test_idle_timeout(refuses, configuration):
    refuses(6, configuration(with_command(f"{ROWS}; sleep 60"), idle_timeout="1"), "t")


def test_expected_exit_code(towline, configuration, warehouse):
    stream = with_command(f"{ROWS}; exit 7", expected_exit_codes=[0, 7])
    towline("sync", config=configuration(stream)).expect(0)
    assert warehouse.count("t") == 2


def test_stderr_alone_is_an_empty_output(towline, configuration, warehouse, filled):
    towline("sync", config=configuration(with_command("echo note >&2"))).expect(0, "note")
    assert warehouse.rows("t", "id", "v") == [(1, "kept")]


def test_server_that_ends_the_command_is_not_a_success(refuses, configuration, make_sshd):
    server = make_sshd(config=["ChannelTimeout session:*=1"])
    config = configuration(with_command(f"{ROWS}; sleep 20"), server=server)
    result = refuses_any(refuses, config)
    assert result.code in (3, 6, 7)


def refuses_any(refuses, config):
    """Like refuses, where the contract leaves the code open between lost, failed and cut."""
    for code in (6, 7, 3):
        try:
            return refuses(code, config)
        except AssertionError as error:
            if "instead of" not in str(error):
                raise
    raise AssertionError("none of the exit codes 3, 6, 7")


# -- its output ----------------------------------------------------------------------------------

@pytest.mark.parametrize("output, fields, texts", [
    ('[{"id":1,"v":"new"},{"id":2', {}, ()),
    ('[{"id":1,"v":"new"},', {}, ()),
    ('[{"id":1,"v":"new"}', {}, ()),
    ('{"id":1,"v":"new"}\n{"id":', {"format": "ndjson"}, ()),
    ('[{"id":1}] trailing', {}, ()),
    ('[{"id":1,}]', {}, ()),
    ('[{"id":01}]', {}, ()),
    ('[{"id":NaN}]', {}, ()),
    ("not JSON", {}, ()),
    ("42", {}, ()),
    ("[1,2]", {}, ()),
    ('{"data":{"id":1}}', {"rows": "/rows"}, ("/rows",)),
    ('[{"id":1,"v":"new"},{"v":"x"}]', {}, ("id", "row 2")),
    ('[{"id":1,"v":"new"},{"id":null}]', {}, ("id", "row 2")),
    ('[{"id":1,"v":"new"},{"id":{"x":1}}]', {}, ("id", "row 2")),
    ('[{"id":1,"v":"new"},{"id":[1]}]', {}, ("id", "row 2")),
    ('[{"id":1,"v":"\\ud800"}]', {}, ()),
    ('[{"id":1,"v":"a\tb"}]', {}, ()),
])
def test_wrong_output(refuses, configuration, output, fields, texts):
    quoted = output.replace("'", "'\\''")
    refuses(7, configuration(with_command(f"printf '%s' '{quoted}'", **fields)), "t", *texts)


def test_invalid_utf8(refuses, configuration):
    refuses(7, configuration(with_command(r"printf '[{\"id\":1,\"v\":\"\377\"}]'")), "UTF-8")


# -- the destination -----------------------------------------------------------------------------

def test_database_that_is_not_sqlite(towline, configuration, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes, and I want to keep them.\n" * 100)
    before = path.read_bytes()
    towline("sync", "--destination", f"sqlite:{path}", config=configuration(GOOD)).expect(
        8, "notes.txt")
    assert path.read_bytes() == before


def test_database_of_another_program(towline, configuration, warehouse):
    warehouse.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, secret TEXT);"
                      "INSERT INTO t VALUES (1, 'theirs');")
    towline("sync", config=configuration(GOOD)).expect(8, "t")
    assert warehouse.query("SELECT * FROM t") == [(1, "theirs")]


def test_missing_folder(towline, configuration, tmp_path):
    destination = f"sqlite:{tmp_path}/none/warehouse.db"
    towline("sync", "--destination", destination, config=configuration(GOOD)).expect(8, "none")


def test_unknown_destination(towline, configuration):
    towline("sync", "--destination", "oracle:x", config=configuration(GOOD)).expect(2, "oracle")


def test_read_only_database(towline, configuration, warehouse, filled, tmp_path):
    if os.geteuid() == 0:
        mount = subprocess.run(["mount", "--bind", tmp_path, tmp_path], capture_output=True)
        if mount.returncode != 0:
            pytest.skip("root writes everywhere, and mounting is not allowed here")
        subprocess.run(["mount", "-o", "remount,bind,ro", tmp_path], check=True)
    else:
        tmp_path.chmod(0o555)
        warehouse.path.chmod(0o444)
    try:
        result = towline("sync", env={"TOWLINE_CONFIGURATION": json.dumps(configuration(
            with_command(ROWS)))})
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", tmp_path], check=True)
        else:
            tmp_path.chmod(0o755)
    result.expect(8, "warehouse.db")
    assert warehouse.content() == filled


def test_second_sync_is_told_at_once(towline, configuration, warehouse, filled, tmp_path):
    begun, go_on = tmp_path / "begun", tmp_path / "go_on"
    config = configuration(with_command(
        f": >{begun}; until [ -e {go_on} ]; do sleep 0.1; done; " + ROWS))
    first = towline.start("sync", config=config)
    try:
        wait_until(begun.exists)
        towline("sync", config=configuration(GOOD)).expect(9, str(first.pid))
        assert warehouse.content() == filled
    finally:
        go_on.touch()
        assert first.wait(60) == 0


# -- interrupts ----------------------------------------------------------------------------------

@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("when", ["at once", "in the handshake", "after rows"])
def test_interrupt(towline, configuration, warehouse, filled, tmp_path, number, code, when):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(SECONDS)
        changes = {"ssh_port": str(silent.getsockname()[1]), "ssh_connect_timeout": "none"} \
            if when == "in the handshake" else {}
        begun = tmp_path / "begun"
        process = towline.start("sync", config=configuration(
            with_command(f"{ROWS}; : >{begun}; sleep {2 * SECONDS}"), **changes))
        if when == "in the handshake":
            held, _ = silent.accept()
        elif when == "after rows":
            wait_until(begun.exists)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=SECONDS)  # long before the command ends
    # At once, the handler may not stand yet: then the signal itself ends the process.
    assert process.returncode in ((code, -number) if when == "at once" else (code,)), \
        stderr.decode()
    assert warehouse.content() == filled and warehouse.is_sound()
    towline("sync", config=configuration(GOOD)).expect(0)


def test_error_is_one_line_with_a_remedy(refuses, configuration, tmp_path):
    result = refuses(5, configuration(GOOD, ssh_private_key_path=str(tmp_path / "none")))
    lines = [line for line in result.stderr.splitlines() if str(tmp_path / "none") in line]
    assert len(lines) == 1
    assert "SYNC FAILED" in result.stdout + result.stderr


def test_no_core_and_no_secret_on_the_command_line(towline, configuration, sshd, tmp_path):
    begun = tmp_path / "begun"
    config = configuration(with_command(f": >{begun}; sleep 1; " + ROWS), api_key="canary-4711",
                           ssh_private_key=sshd.key.read_text(), ssh_private_key_path=None)
    process = towline.start("sync", config=config)
    wait_until(begun.exists)
    line = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
    _, stderr = process.communicate(timeout=60)
    assert b"canary-4711" not in line + stderr and b"PRIVATE KEY" not in line + stderr


# -- limits and forms found out before connecting ------------------------------------------------

@pytest.mark.parametrize("changes, text", [
    ({"ssh_host_key_sha256": "SHA256:abc"}, "fingerprint"),
    ({"ssh_host_key_sha256": "MD5:00"}, "fingerprint"),
])
def test_malformed_fingerprint(refuses, configuration, changes, text):
    refuses(2, configuration(GOOD, **changes), text)


def test_approving_no_fingerprint(towline, configuration):
    assert towline("check", "--approve", "abc", config=configuration(GOOD)).code == 2


@pytest.mark.parametrize("limit", ["none", "0"])
def test_no_limit_to_connecting(towline, configuration, limit):
    towline("sync", config=configuration(GOOD, ssh_connect_timeout=limit)).expect(0)


def test_a_command_longer_than_a_packet(refuses, configuration):
    command = {**GOOD, "command": GOOD["command"] + "; : " + "x" * 36000}
    refuses(2, configuration(command), "command has more than")


def test_data_errors_name_host_stream_byte_and_row(refuses, configuration, sshd):
    cut = {**GOOD, "command": "echo '[{\"id\":1},{\"id\":'"}
    refuses(7, configuration(cut), f"stream {GOOD['table']}", sshd.host, "byte", "row 2")


@pytest.mark.parametrize("shell, rc", [("/bin/bash", ".bashrc"), ("/usr/bin/zsh", ".zshenv"),
                                       ("/usr/bin/fish", ".config/fish/config.fish"),
                                       ("/usr/bin/tcsh", ".cshrc")])
def test_what_login_scripts_complain_of_is_not_the_commands(towline, configuration, login_user,
                                                            shell, rc):
    noise = "sh -c 'echo rcnoise >&2; echo rcnoise'\n"
    user = login_user(shell, files={rc: noise})
    quiet = configuration({**GOOD, "fail_on_stderr": "true"}, ssh_user=user)
    towline("sync", config=quiet).expect(0)
    quiet["streams"][0] = {**GOOD, "command": "sh -c 'echo own complaint >&2; exit 3'"}
    result = towline("sync", config=quiet).expect(6, "own complaint")
    assert "rcnoise" not in result.stderr


def test_a_key_by_file_reference_that_others_can_read(refuses, configuration, sshd, tmp_path):
    key = tmp_path / "key"
    key.write_text(sshd.key.read_text())
    key.chmod(0o644)
    refuses(5, configuration(GOOD, ssh_private_key={"file": str(key)}, ssh_private_key_path=None),
            "chmod 600")


# -- what a command may weigh --------------------------------------------------------------------

def test_a_command_that_is_too_long_once_quoted(refuses, configuration):
    command = {**GOOD, "command": GOOD["command"] + "; : " + "\\'" * 12000}
    result = refuses(2, configuration(command), "command is too long")
    assert "does not let" not in result.stderr


def test_the_longest_command(towline, configuration):
    command = {**GOOD, "command": (GOOD["command"] + "; : ").ljust(32000, "x")}
    towline("sync", config=configuration(command)).expect(0)


def test_a_long_command_is_refused_before_connecting(towline, configuration):
    command = {**GOOD, "command": "x" * 2_000_000}
    towline("sync", config=configuration(command, ssh_host="no-such-host.invalid")).expect(
        2, "stream t", "command has more than 32000 bytes", "stdin")


def test_two_megabytes_of_stdin(towline, configuration, warehouse):
    command = "n=$(wc -c); printf '[{\"id\":1,\"v\":\"%s\"}]' $n"
    stream = {**GOOD, "command": command, "stdin": "x" * 2_000_000}
    towline("sync", config=configuration(stream)).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, "2000000")]


# -- remedies of the network's errors ------------------------------------------------------------

def test_a_changed_key_is_not_approved_beside_the_old_one(towline, configuration, make_sshd,
                                                          tmp_path):
    server = make_sshd(host_key_types=("ed25519",))
    server.change_host_key()
    known = server.known_hosts.read_text()
    config = configuration(GOOD, server=server)
    approve = ("check", "--approve", server.fingerprint())
    result = towline(*approve, config=config)
    assert result.code == 4 and server.known_hosts.read_text() == known, result
    remove = f"ssh-keygen -R '[{server.host}]:{server.port}' -f {server.known_hosts}"
    assert remove in result.stdout + result.stderr
    subprocess.run(remove, shell=True, check=True, capture_output=True)
    towline(*approve, config=config).expect(0)
    towline("sync", config=config).expect(0)


def test_a_lost_connection_has_a_remedy(towline, configuration, make_sshd, tmp_path):
    server, begun = make_sshd(), tmp_path / "begun"
    process = towline.start("sync", config=configuration(
        with_command(f": >{begun}; {ENDLESS}"), server=server))
    wait_until(begun.exists)
    assert server.drop_connections() > 0
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 3 and b"closed the connection" in stderr, stderr
    assert b"Try again" in stderr


def test_a_silent_server_has_a_remedy(towline, configuration, make_sshd, tmp_path):
    server, begun = make_sshd(), tmp_path / "begun"
    process = towline.start("sync", config=configuration(
        with_command(f": >{begun}; {ENDLESS}"), server=server, ssh_keepalive_interval="1"))
    wait_until(begun.exists)
    server.freeze()
    try:
        _, stderr = process.communicate(timeout=60)
    finally:
        server.thaw()
    assert process.returncode == 3 and b"no sign of life" in stderr, stderr
    assert b"ssh_keepalive_interval" in stderr


def test_known_hosts_that_is_a_folder(refuses, configuration, tmp_path):
    refuses(4, configuration(GOOD, ssh_known_hosts_path=str(tmp_path)), "Is a directory",
            "ssh_known_hosts_path")


def test_what_login_scripts_complain_of_is_logged_at_debug(towline, configuration, login_user):
    user = login_user("/bin/bash", files={".bashrc": "echo rcnoise >&2\n"})
    config = configuration(GOOD, ssh_user=user)
    towline("sync", "--log-level", "debug", config=config).expect(0, "to stderr", "rcnoise")


def test_a_key_in_one_line(towline, configuration, sshd):
    for between in ("", " "):
        key = between.join(sshd.key.read_text().splitlines())
        towline("sync", config=configuration(GOOD, ssh_private_key=key,
                                             ssh_private_key_path=None)).expect(0)


def test_a_server_that_merges_stderr_into_stdout(towline, configuration, make_sshd, warehouse):
    server = make_sshd(config=['ForceCommand exec sh -c "$SSH_ORIGINAL_COMMAND" 2>&1'])
    towline("sync", config=configuration(GOOD, server=server)).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, "kept")]
