"""What Windows hosts print, byte for byte (fixtures/windows): UTF-16 and UTF-8 with byte order
marks, CRLF; and commands quoted for their shells."""
import pathlib

import pytest

BYTES = pathlib.Path(__file__).resolve().parents[2] / "fixtures/windows"
ROWS = [(4, "System", None),
        (1284, "Übersicht – \U0001f5c4.exe", "C:\\Program Files\\Übersicht\\")]


def stream(command, **fields):
    return {"table": "t", "primary_key": ["Id"], "remote_shell": "powershell", "command": command,
            **fields}


@pytest.mark.parametrize("encoding", ["utf16le", "utf16be", "utf8"])
@pytest.mark.parametrize("pieces", [1, 7, 4096])
def test_rows_and_messages(towline, configuration, warehouse, encoding, pieces):
    rows, errors = BYTES / f"rows_{encoding}.bin", BYTES / f"stderr_{encoding}.bin"
    command = f"dd bs={pieces} if={errors} >&2 2>/dev/null; dd bs={pieces} if={rows} 2>/dev/null"
    result = towline("sync", config=configuration(stream(command))).expect(
        0, 'stderr: Get-Item : Zugriff auf den Pfad "C:\\geheim\U0001f512" verweigert.',
        "stderr: In Zeile:1 Zeichen:1")
    assert warehouse.query("SELECT Id, Name, Path FROM t ORDER BY Id") == ROWS
    assert "\\r" not in result.stderr and "\\x00" not in result.stderr


def test_a_failure_quotes_the_message(towline, configuration):
    command = f"cat {BYTES}/stderr_utf16le.bin >&2; exit 3"
    towline("sync", config=configuration(stream(command))).expect(
        6, "exit status 3: In Zeile:1 Zeichen:1")


def test_marks_are_not_for_these_shells(towline, configuration):
    for shell in ("powershell", "cmd"):
        config = configuration(stream("x", remote_shell=shell, completion="marker"))
        towline("sync", config=config).expect(2, "completion", "POSIX")


@pytest.mark.parametrize("shell, value, code", [
    ("powershell", "it's $x \u2019 `n", 0), ("cmd", "a & b | C:\\dir\\", 0),
    ("cmd", "50%", 2), ("cmd", 'say "x"', 2), ("cmd", "a\nb", 2), ("cmd", "\uff02x", 2),
])
def test_a_value_is_quoted_for_the_shell_or_refused(towline, configuration, make_sshd, shell,
                                                    value, code):
    server = make_sshd(config=["ForceCommand printf '%s' \"$SSH_ORIGINAL_COMMAND\" >&2"])
    config = configuration(stream("tool {{config.api_key}} end", remote_shell=shell),
                           server=server, api_key=value)
    result = towline("sync", config=config)
    assert result.code == code, result
    if code == 2:
        assert "stdin" in result.stderr and "cannot be quoted for cmd" in result.stderr
