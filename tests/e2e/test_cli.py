"""The command line: help, mistakes, where configuration comes from, what goes to which stream."""
import json
import os
import re
import subprocess

import pytest
from conftest import ROOT

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


def test_version(towline):
    outputs = {towline(word).expect(0).stdout for word in ("--version", "version")}
    assert len(outputs) == 1 and re.search(r"\d+\.\d+\.\d+", outputs.pop())


@pytest.mark.parametrize("arguments, nearest", [
    (["snyc"], "sync"), (["chekc"], "check"), (["dicsover"], "discover"),
    (["sync", "--dry-rnu"], "--dry-run"), (["sync", "--destnation", "x"], "--destination"),
    (["state", "shwo"], "show"),
])
def test_mistyped_words_are_answered_with_the_nearest(towline, arguments, nearest):
    result = towline(*arguments).expect(2, nearest)
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [
    ["sync", "--destination"], ["sync", "surplus"], ["sync", "--log-format", "xml"],
    ["sync", "--progress", "maybe"], ["state"], ["--nonsense"],
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
    assert writer.wait(10) == 0
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
    towline("check", "--approve", shown[0], config=config).expect(0)
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


def test_state_is_not_made_by_looking(towline, configuration, tmp_path):
    towline.write_config(configuration(CURSOR))
    result = towline("state", "show")
    assert result.code in (0, 8) and not list(tmp_path.glob("*.db*"))
