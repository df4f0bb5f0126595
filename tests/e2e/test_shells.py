"""Login shells of every kind, forced commands, and accounts that run none."""
import pytest

# Login scripts that print to stdout what must not become rows.
NOISE = {name: "echo '[{\"id\":666}]'\n" for name in (
    ".bashrc", ".zshenv", ".tcshrc", ".config/fish/config.fish", ".mkshrc", ".profile")}
HOSTILE = ("it's \"q\" `id` $(id) ${HOME} \\ \\\\ !x !! %s {a,b} * ~ # ;|&<> \t é \U0001f418 "
           "''' line\nend\\")
SHELLS = ["/bin/sh", "/bin/bash", "/bin/rbash", "/bin/dash", "/bin/mksh", "/usr/bin/zsh",
          "/usr/bin/fish", "/bin/tcsh"]


def stream(command, **fields):
    """A stream of the table t."""
    return {"table": "t", "primary_key": ["id"], "command": command, **fields}


@pytest.mark.parametrize("completion", ["marker", "status"])
@pytest.mark.parametrize("shell", SHELLS)
def test_a_cursor_full_of_quotes(towline, configuration, warehouse, login_user, shell, completion):
    user = login_user(shell, NOISE if completion == "marker" else {})
    command = ("python3 -c 'import json, sys; print(json.dumps([{\"id\": 1, \"v\": sys.argv[1]}]))'"
               " {{cursor}}")
    one = stream(command, cursor="v", cursor_start=HOSTILE, completion=completion)
    towline("sync", config=configuration(one, ssh_user=user)).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, HOSTILE)]
    failing = stream("echo no such cluster; exit 4", completion=completion)
    towline("sync", config=configuration(failing, ssh_user=user)).expect(
        6, "exit status 4; it printed: no such cluster.")


@pytest.mark.parametrize("completion", ["marker", "status"])
@pytest.mark.parametrize("shell", ["/bin/sh", "/usr/bin/fish", "/bin/tcsh"])
def test_a_cursor_never_breaks_out_of_its_quotes(towline, configuration, warehouse, login_user,
                                                 shell, completion):
    user = login_user(shell)
    hostile = "\\'; echo '[{\"id\":666}]'; echo '"
    one = stream("echo '[{\"id\":1}]'; true {{cursor}}", cursor="v", cursor_start=hostile,
                 completion=completion)
    towline("sync", config=configuration(one, ssh_user=user)).expect(0)
    assert warehouse.rows("t", "id") == [(1,)]


def test_forced_command_by_status(towline, configuration, warehouse, make_sshd):
    server = make_sshd(config=["ForceCommand echo '[{\"id\":1}]'"])
    config = configuration(stream("anything", completion="status"), server=server)
    towline("sync", config=config).expect(0)
    assert warehouse.count("t") == 1
    towline("sync", config=configuration(stream("anything"), server=server)).expect(
        6, 'did not run the command (the server reports exit status 0); it printed: [{"id":1}].',
        'set completion to "status"')


def test_a_shell_that_cannot_read_the_command(towline, configuration, make_sshd):
    """As yash in the locale C does: it complains, runs nothing, and is content."""
    server = make_sshd(config=["ForceCommand echo cannot convert the argument >&2"])
    doubt = "the command printed nothing: cannot convert the argument. It is not all ASCII"
    unread = stream("echo '[{\"id\":\"Zürich\"}]'", completion="status")
    towline("sync", config=configuration(unread, server=server)).expect(0, doubt)
    towline("sync", config=configuration({**unread, "empty": "fail"}, server=server)).expect(7)
    silent = towline("sync", config=configuration(
        stream("nothing", completion="status"), server=server)).expect(0)
    assert "not all ASCII" not in silent.stderr


def test_a_forced_command_that_reads_its_input(towline, configuration, warehouse, make_sshd):
    server = make_sshd(config=["ForceCommand cat"])
    # The question which shell it is waits for an answer for 30 seconds: this ends before.
    towline("sync", config=configuration(stream("anything"), server=server), timeout=25).expect(
        6, "did not run the command")
    config = configuration(stream("x", completion="status", stdin='[{"id":1}]'), server=server)
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "id") == [(1,)]


@pytest.mark.parametrize("forced, words", [
    ("internal-sftp", "it printed: This service allows sftp connections only."),
    ("/usr/sbin/nologin", "it printed: This account is currently not available."), ("false", ""),
])
def test_accounts_that_run_no_commands(towline, configuration, make_sshd, forced, words):
    server = make_sshd(config=[f"ForceCommand {forced}"])
    towline("sync", config=configuration(stream("anything"), server=server)).expect(
        6, words, "nologin, SFTP or tunnels only")
    by_status = stream("anything", completion="status")
    towline("sync", config=configuration(by_status, server=server)).expect(
        6, "exit status 1", words)


def test_windows_that_was_taken_for_posix(towline, configuration, make_sshd):
    server = make_sshd(config=["ForceCommand echo \"'case' is not recognized\" >&2; exit 1",
                               "VersionAddendum for_Windows"])
    towline("sync", config=configuration(stream("anything"), server=server)).expect(
        6, "'case' is not recognized", "This is Windows: set remote_shell")
