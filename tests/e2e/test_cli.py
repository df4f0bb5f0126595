"""The command line: help, mistakes, where configuration comes from, what goes to which stream."""
import json
import os
import re
import signal
import subprocess

import pytest
from conftest import ROOT
from program import wait_until

STREAM = {"table": "t", "primary_key": ["id"], "command": "echo '[{\"id\":1,\"v\":\"a\"}]'"}
CURSOR = {"table": "t", "primary_key": ["id"], "cursor": "id", "cursor_start": "1",
          "command": "printf '[{\"id\":%s},{\"id\":%s1}]' {{cursor}} {{cursor}}"}
COMMANDS = ["check", "discover", "sync", "state", "version", "help"]


# -- help and mistakes ---------------------------------------------------------------------------

def test_help_lists_the_commands(towline):
    outputs = {towline(*arguments).expect(0).stdout for arguments in (["--help"], ["help"])}
    assert len(outputs) == 1
    text = outputs.pop()
    assert all(re.search(rf"\b{command}\b", text) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(towline, command):
    text = towline(command, "--help").expect(0).stdout
    assert command in text and text == towline("help", command).expect(0).stdout
    assert text == towline(command, "--help", "--log-format", "xml").expect(0).stdout


@pytest.mark.parametrize("arguments", [
    ["--help"], ["help", "configuration"], *([command, "--help"] for command in COMMANDS + [
        "init", "keygen", "tunnel", "fivetran", "airbyte", "singer"])])
def test_help_fits_a_terminal_of_80_columns_and_the_man_page(towline, arguments):
    lines = towline(*arguments).expect(0).stdout.splitlines()
    assert lines and [line for line in lines if len(line) > 78] == []


def test_help_on_times_says_their_unit(towline):
    text = towline("help", "configuration").expect(0).stdout
    assert re.search(r"^  idle_timeout [^(]*\(seconds", text, re.MULTILINE)


def test_version(towline):
    outputs = {towline(word).expect(0).stdout for word in ("--version", "version")}
    assert len(outputs) == 1 and re.search(r"\d+\.\d+\.\d+", outputs.pop())


@pytest.mark.parametrize("arguments, nearest", [
    (["snyc"], "sync"), (["chekc"], "check"), (["dicsover"], "discover"),
    (["sync", "--dry-rnu"], "--dry-run"), (["sync", "--destnation", "x"], "--destination"),
    (["state", "shwo"], "show"), (["help", "state", "reste"], "reset"),
])
def test_mistyped_words_are_answered_with_the_nearest(towline, arguments, nearest):
    result = towline(*arguments).expect(2, nearest)
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [
    ["sync", "--destination"], ["sync", "surplus"], ["sync", "--log-format", "xml"],
    ["sync", "--progress", "maybe"], ["state"], ["--nonsense"], ["help", "sync", "state"],
    ["state", "nonsense"], ["state", "set"],
])
def test_wrong_usage(towline, configuration, arguments):
    towline.write_config(configuration(STREAM))
    result = towline(*arguments).expect(2)
    assert result.stderr.strip() and "SYNC" not in result.stdout


def test_no_command_shows_help(towline):
    result = towline()
    assert result.code in (0, 2) and "sync" in result.stdout + result.stderr


# -- configuration -------------------------------------------------------------------------------

def test_configuration_sources(towline, configuration, warehouse, tmp_path):
    def table(name):
        return configuration({**STREAM, "table": name})

    towline("sync").expect(2, "there is no configuration.json here", "`towline init`")
    towline("sync", stdin=json.dumps(table("from_stdin")), *["-c", "-"]).expect(0)
    towline("sync", env={"TOWLINE_CONFIGURATION": json.dumps(table("from_environment"))}).expect(0)
    towline.write_config(table("from_here"))
    assert "configuration.json" in towline("sync").expect(0).stderr
    other = towline.write_config(table("from_option"), "other.json")
    towline("sync", "--config", other, env={"TOWLINE_CONFIGURATION": "{}"}).expect(0)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = subprocess.Popen(["sh", "-c", f"cat '{other}' > '{fifo}'"])
    towline("sync", "--configuration", fifo).expect(0)
    assert writer.wait(60) == 0
    assert warehouse.tables() == ["from_environment", "from_here", "from_option", "from_stdin"]


def test_destination_option(towline, configuration, tmp_path):
    config = configuration(STREAM)
    towline("sync", "--destination", "sqlite:here.db", config=config).expect(0)
    towline("sync", "--destination", f"sqlite:{tmp_path}/there.db", config=config).expect(0)
    towline("sync", f"--destination=sqlite:{tmp_path}/thus.db", config=config).expect(0)
    assert {path.name for path in tmp_path.glob("*.db")} == {"here.db", "there.db", "thus.db"}


def test_example_configuration_is_taken_whole(towline, sshd):
    config = {**json.loads((ROOT / "configuration.example.json").read_text()),
              "ssh_host": "no-such-host.invalid", "ssh_private_key_path": str(sshd.key)}
    # Every key has been read and found right when only the host cannot be found.
    towline("sync", config=config).expect(3, "no-such-host.invalid")


# -- output --------------------------------------------------------------------------------------

def test_stdout_carries_results_and_stderr_the_log(towline, configuration):
    result = towline("sync", "--log-level", "debug", config=configuration(STREAM)).expect(0)
    assert "Operation     | Calls" in result.stdout and "Operation " not in result.stderr
    assert result.stderr and "\x1b" not in result.stdout + result.stderr
    assert "DEBUG" in result.stderr and "DEBUG" not in result.stdout


def test_json_log(towline, configuration):
    for config in (configuration(STREAM), configuration({**STREAM, "command": "exit 3"})):
        result = towline("sync", "--log-format", "json", "--log-level", "debug", config=config)
        lines = [json.loads(line) for line in result.stderr.splitlines()]
        assert lines and all(isinstance(line, dict) for line in lines)


def test_debug_is_sync_with_debug_logs(towline, configuration, warehouse):
    result = towline("debug", config=configuration(STREAM)).expect(0)
    assert "DEBUG" in result.stderr and warehouse.count("t") == 1


def test_summary_file(towline, configuration, tmp_path):
    path = tmp_path / "summary.json"
    towline("sync", "--summary", path, config=configuration(STREAM)).expect(0)
    good = path.read_text()
    json.loads(good)
    assert '"t"' in good
    bad = configuration({**STREAM, "command": "exit 3"})
    towline("sync", "--summary", path, config=bad).expect(6)
    json.loads(path.read_text())
    assert path.read_text() != good


# -- check and discover --------------------------------------------------------------------------

def test_check(towline, configuration, sshd, warehouse):
    result = towline("check", config=configuration(STREAM)).expect(0)
    assert any(sshd.fingerprint(kind) in result.stdout for kind in sshd.host_key_types)
    assert warehouse.count("t") == 0
    bad = configuration({**STREAM, "command": "no-such-command"})
    assert "t" in towline("check", config=bad).expect(6).stdout


def test_check_approves_the_key_that_the_user_repeats(towline, configuration, sshd, tmp_path):
    known = tmp_path / "known"
    config = configuration(STREAM, ssh_known_hosts_path=str(known))
    refused = towline("check", config=config).expect(4)
    shown = re.findall(r"SHA256:[A-Za-z0-9+/]{43}", refused.stdout + refused.stderr)
    assert shown and shown[0] in [sshd.fingerprint(kind) for kind in sshd.host_key_types]
    towline("check", "--approve", "SHA256:" + "A" * 43, config=config).expect(4)
    assert not known.exists() or known.read_text() == ""
    towline("check", "--approve", shown[0], config=config).expect(0, "recorded in")
    towline("check", "--approve", shown[0], config=config).expect(0, "was already in")
    assert len(known.read_text().splitlines()) == 1
    towline("sync", config=config).expect(0)


def test_discover(towline, configuration, warehouse):
    command = "echo '[{\"id\":1,\"name\":\"x\",\"at\":\"2025-01-31T08:00:00Z\",\"f\":0.5}]'"
    out = towline("discover", config=configuration({**STREAM, "command": command})).expect(0).stdout
    for word in ("t", "id", "LONG", "name", "STRING", "at", "UTC_DATETIME", "f", "DOUBLE"):
        assert re.search(rf"\b{word}\b", out), word
    assert warehouse.tables() == []


# -- state ---------------------------------------------------------------------------------------

def test_state_show_set_reset(towline, configuration, warehouse):
    config = configuration(CURSOR)
    towline("sync", config=config).expect(0)
    shown = json.loads(towline("state", "show", config=config).expect(0).stdout)
    assert "11" in json.dumps(shown) and "t" in shown
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "id") == [(1,), (11,), (111,)]
    before = towline("state", "show", config=config).expect(0).stdout
    towline("state", "set", "-", config=config, stdin=json.dumps(shown))
    if towline("state", "show", config=config).expect(0).stdout == before:
        towline("state", "set", json.dumps(shown), config=config).expect(0)
    assert json.loads(towline("state", "show", config=config).expect(0).stdout) == shown
    towline("state", "reset", "--stream", "t", "--yes", config=config).expect(0)
    towline("sync", config=config).expect(0)
    assert json.loads(towline("state", "show", config=config).expect(0).stdout) == shown
    assert warehouse.rows("t", "id") == [(1,), (11,), (111,)]


def test_full_refresh_and_given_state(towline, configuration, warehouse, tmp_path):
    config = configuration(CURSOR)
    for _ in range(2):
        towline("sync", config=config).expect(0)
    reached = json.loads(towline("state", "show", config=config).expect(0).stdout)
    towline("sync", "--full-refresh", config=config).expect(0)
    first = towline("state", "show", config=config).expect(0).stdout
    assert json.loads(first) != reached
    path = tmp_path / "state.json"
    path.write_text(json.dumps(reached))
    towline("sync", "--state", path, config=config).expect(0)
    assert (1111,) in warehouse.rows("t", "id")


def test_a_given_state_is_of_the_streams(towline, configuration, warehouse):
    config = configuration(CURSOR)
    for other in ('{"other":{"cursor":"5"}}', '{"cursor":{}}'):
        towline("sync", "--state", "-", config=config, stdin=other).expect(
            2, "about none of the streams", "as `state show` prints it")
    towline("sync", "--state", "-", config=config, stdin='{"cursor":"5"}').expect(2, "JSON object")
    assert warehouse.count("t") == 0
    towline("sync", "--state", "-", config=config, stdin='{"other":{},"t":{}}').expect(
        0, 'has "other", but there is no such stream')


def test_state_is_not_made_by_looking(towline, configuration, tmp_path):
    towline.write_config(configuration(CURSOR))
    result = towline("state", "show")
    assert result.code in (0, 8) and not list(tmp_path.glob("*.db*"))


# -- streams of the state that there are not -----------------------------------------------------

def test_state_of_a_stream_that_is_not_there(towline, configuration, warehouse):
    config = configuration(CURSOR)
    towline("sync", config=config).expect(0)
    before = warehouse.query("SELECT stream, state FROM _towline_state")
    for verb in (["show"], ["reset", "--yes"], ["set", "-"]):
        towline("state", *verb, "--stream", "nope", config=config, stdin='{"cursor":"1"}').expect(
            2, 'there is no stream "nope"', "There are: t")
    towline("state", "set", "-", config=config, stdin='{"nope":{"cursor":"1"}}').expect(
        2, 'there is no stream "nope"')
    assert warehouse.query("SELECT stream, state FROM _towline_state") == before


def test_state_without_a_configuration(towline, configuration, tmp_path):
    destination = ("--destination", f"sqlite:{tmp_path}/warehouse.db")
    towline("state", "show", *destination, "--stream", "t").expect(2, 'there is no stream "t"')
    towline("state", "set", *destination, "-", stdin='{"t":{"cursor":"5"}}').expect(0)
    assert towline("state", "show", *destination, "--stream", "t").expect(0).stdout == \
        '{"cursor":"5"}\n'
    towline("state", "reset", *destination, "--stream", "u", "--yes").expect(2, "There are: t")
    # What was saved for a stream stays within reach when the configuration drops the stream.
    renamed = configuration({**CURSOR, "table": "u"})
    shown = towline("state", "show", config=renamed).expect(0).stdout
    towline("state", "set", "-", config=renamed, stdin=shown).expect(0, "state of t: replaced")
    towline("state", "set", "-", config=renamed, stdin='{"u":{}}').expect(0, "state of t: cleared")


def test_corrupt_state_is_not_shown_as_one(towline, configuration, warehouse):
    config = configuration(CURSOR)
    towline("sync", config=config).expect(0)
    warehouse.execute("UPDATE _towline_state SET state = '{\"cursor\":'")
    for options in ([], ["--stream", "t"]):
        result = towline("state", "show", *options, config=config).expect(8, "state set", "t")
        assert result.stdout == ""
    towline("state", "set", "--stream", "t", "-", config=config, stdin="{}").expect(0)
    towline("state", "show", config=config).expect(0)


# -- the summary and standard output -------------------------------------------------------------

def test_summary_that_cannot_be_written_is_found_out_before(towline, configuration, tmp_path):
    for path in (tmp_path / "missing" / "s.json", tmp_path):
        result = towline("sync", "--summary", path, config=configuration(STREAM))
        result.expect(2, "cannot write the summary", "--summary")
        assert result.stdout == "" and not list(tmp_path.glob("*.db"))


def test_summary_that_fails_afterwards_is_not_the_syncs_failure(towline, configuration, warehouse):
    result = towline("sync", "--summary", "/dev/full", config=configuration(STREAM)).expect(
        8, "the sync succeeded", "/dev/full")
    assert "SYNC SUCCEEDED" in result.stdout and "SYNC FAILED" not in result.stderr
    assert warehouse.count("t") == 1


def test_summary_on_standard_output(towline, configuration):
    good = towline("sync", "--summary", "-", config=configuration(STREAM)).expect(0).stdout
    assert json.loads(good)["streams"][0]["inserted"] == 1
    bad = configuration({**STREAM, "command": "exit 3"})
    assert json.loads(towline("sync", "--summary", "-", config=bad).expect(6).stdout)["error"]


@pytest.mark.parametrize("arguments, code", [
    (["version"], 8), (["help"], 8), (["sync", "--help"], 8), (["discover"], 8),
    (["discover", "--json"], 8), (["check"], 8), (["check", "--json"], 8), (["state", "show"], 8),
    (["sync"], 0), (["sync", "--summary", "-"], 8),
])
def test_full_standard_output(towline, configuration, arguments, code):
    towline.write_config(configuration(STREAM))
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run(
            [towline.program, *arguments], cwd=towline.directory, stdin=subprocess.DEVNULL,
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert result.returncode == code, result.stderr
    assert "cannot write to standard output" in result.stderr


def test_wrong_configuration_shows_no_table(towline, configuration):
    for config in (configuration({**STREAM, "nonsense": 1}), configuration({**STREAM, "table": ""}),
                   configuration({**STREAM, "table": "sqlite_t"})):
        result = towline("sync", config=config).expect(2)
        assert result.stdout.startswith("SYNC FAILED: ") and "Upserts" not in result.stdout


# -- names and characters ------------------------------------------------------------------------

@pytest.mark.parametrize("table", ["_towline_runs", "SQLite_x"])
def test_reserved_table_is_refused_before_the_command_runs(towline, configuration, tmp_path, table):
    ran = tmp_path / "ran"
    config = configuration({**STREAM, "table": table, "command": f"touch {ran}; echo '[]'"})
    for command in ("sync", "check", "discover"):
        towline(command, config=config).expect(2, table, "another table")
    assert not ran.exists()


def test_characters_that_turn_a_line_do_not_reach_the_terminal(towline, configuration):
    name = "a\u202eb\u2028c\ufeff\u2066"
    row = json.dumps([{"id": 1, name: "x\u202ey"}])
    config = configuration({**STREAM, "command": f"printf %s '{row}'"})
    for arguments in (["discover"], ["sync", "--dry-run"]):
        out = towline(*arguments, config=config).expect(0).stdout
        assert "\\u202e" in out and not set(out) & set(name[1:]) - set("bc")
    out = towline("discover", "--json", config=config).expect(0).stdout
    assert "\u202e" not in out
    assert name in [column["name"] for column in json.loads(out)[0]["columns"]]


# -- signals -------------------------------------------------------------------------------------

def run_until_the_command_runs(towline, configuration, tmp_path, **options):
    """A sync whose command ends when there is a file `go_on`, or long after all limits."""
    begun, go_on = tmp_path / "begun", tmp_path / "go_on"
    command = f": >{begun}; {until(go_on)}; echo '[]'"
    process = towline.start("sync", config=configuration({**STREAM, "command": command}), **options)
    wait_until(begun.exists)
    return process


def until(file):
    """Words for a shell that wait until there is a file."""
    return f"for i in $(seq 1200); do [ -e {file} ] && break; sleep 0.1; done"


def test_hangup_stops_as_sigterm_does(towline, configuration, tmp_path):
    process = run_until_the_command_runs(towline, configuration, tmp_path)
    process.send_signal(signal.SIGHUP)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 143, stderr
    assert b"SYNC FAILED" in stdout and b"stopped by request" in stderr


def test_hangup_is_nothing_under_nohup(towline, configuration, tmp_path):
    process = run_until_the_command_runs(
        towline, configuration, tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    (tmp_path / "go_on").touch()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr


# -- a dry run's private copy --------------------------------------------------------------------

def test_dry_run_says_that_its_copy_did_not_fit(towline, configuration, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small],
                      capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        large = {**STREAM, "command": "seq 200000 | sed 's/.*/{\"id\":&,\"v\":\"a text, &\"}/'"}
        towline("sync", "--dry-run", config=configuration(large), env={"TMPDIR": str(small)}).expect(
            8, "private copy of a dry run", str(small), "Set TMPDIR")
    finally:
        subprocess.run(["umount", "-l", small], check=True)


# -- limits --------------------------------------------------------------------------------------

def test_nesting_names_the_limit(towline, configuration):
    deep = configuration({**STREAM, "max_depth": 3, "command": "echo '[{\"id\":1,\"v\":[[[]]]}]'"})
    towline("sync", config=deep).expect(7, "max_depth (3)", "Raise max_depth")


# -- what check says, and when -------------------------------------------------------------------

def test_check_prints_a_streams_steps_when_it_ends(towline, configuration, tmp_path):
    """The second waits until those of the first have been seen."""
    second = {**STREAM, "table": "slow", "command": f"{until(tmp_path / 'seen')}; echo '[]'"}
    process = towline.start("check", config=configuration(STREAM, second))
    for line in process.stdout:
        if b"stream t parses" in line:
            break
    assert process.poll() is None
    (tmp_path / "seen").touch()
    rest, stderr = process.communicate(timeout=60)
    assert process.returncode == 0 and b"stream slow parses" in rest, stderr


def test_looking_logs_no_schema_change(towline, configuration):
    config = configuration(STREAM)
    for arguments in (["check"], ["discover"], ["sync", "--dry-run"]):
        assert "schema change" not in towline(*arguments, config=config).expect(0).stderr
    towline("sync", config=configuration({"table": "one", "primary_key": ["id"],
                                          "command": "echo '[{\"id\":1}]'"})).expect(
        0, "schema change: new table one (1 column)")


def test_remedies_of_rows(towline, configuration):
    nested = configuration({**STREAM, "command": "echo '[{\"id\":{\"x\":1}}]'"})
    towline("sync", config=nested).expect(7, "Point primary_key to a value within it")
    typed = configuration({**STREAM, "columns": {"v": "LONG"},
                           "command": "echo '[{\"id\":1,\"v\":\"007\"}]'"})
    towline("sync", config=typed).expect(7, 'Declare "v" as STRING')
    twice = configuration({**STREAM, "command": "echo '[{\"id\":1,\"v\":1,\"v\":2}]'"})
    towline("sync", config=twice).expect(0, "t: row 1 at byte 1 names the key")


def test_blank_command(towline, configuration):
    towline("sync", config=configuration({**STREAM, "command": " \t "})).expect(2, "has no command")
