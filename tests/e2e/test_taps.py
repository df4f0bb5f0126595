"""The other direction: the remote command is itself a tap or an Airbyte source."""
import json

import pytest
from airbyte import Airbyte, bare, configured
from test_singer import Tap
from test_sync import echo, stream

# A tap that prints what it has not printed before, and whatever ways taps have to say it.
TAP = """
import json, sys
state = json.load(open(sys.argv[1])) if len(sys.argv) > 1 else json.load(sys.stdin)
first = state.get("seen", 0)
def say(**message):
    print(json.dumps(message), flush=True)
say(type="SCHEMA", stream="users", key_properties=["org", "id"],
    schema={"properties": {"org": {"type": "string"}, "id": {"type": "integer"}}})
say(type="SCHEMA", stream="logs", schema={"properties": {}}, key_properties=[])
for n in range(first + 1, first + 4):
    say(type="RECORD", stream="users", record={"org": "a", "id": n, "big": 2 ** 70, "o": {"n": n}},
        time_extracted="2026-01-01T00:00:00Z")
    say(type="record", stream="logs", record={"text": "line %d" % n}, version=1)
    say(type="STATE", value={"seen": n, "exact": 12345678901234567890123})
say(type="ACTIVATE_VERSION", stream="logs", version=1)
say(type="SOMETHING_NEW", stream="users")
print("the state was", json.dumps(state), file=sys.stderr)
"""


@pytest.fixture
def tap(tmp_path):
    """Where the tap lies."""
    path = tmp_path / "tap.py"
    path.write_text(TAP)
    return f"/usr/bin/python3 {path}"


def singer(command, table="users", **fields):
    """A stream that a tap fills."""
    return stream(command, table, key=None, format="singer", **fields)


@pytest.mark.parametrize("hand_over", ["file", "stdin"])
def test_a_tap_fills_a_table_and_gets_its_state_back(towline, configuration, warehouse, tap,
                                                     hand_over):
    source = singer(tap + " {{state}}") if hand_over == "file" else \
        singer(tap, stdin="{{state}}")
    config = configuration(source)
    first = towline("sync", config=config).expect(0, "the state was {}")
    assert warehouse.rows("users", "org", "id") == [("a", 1), ("a", 2), ("a", 3)]
    assert warehouse.columns("users") == ["org", "id", "big", "o"]
    assert warehouse.rows("users", "big")[0] == (str(2 ** 70),)
    state = json.loads(towline("state", "show", config=config).expect(0).stdout)
    assert state == {"users": {"tap": {"seen": 3, "exact": 12345678901234567890123}}}
    towline("sync", config=config).expect(0, 'the state was {"seen": 3, "exact": '
                                             '12345678901234567890123}')
    assert warehouse.rows("users", "id")[-1] == (6,)
    keys = warehouse.query("SELECT column_name FROM _towline_columns WHERE primary_key > 0 "
                           "ORDER BY primary_key")
    assert keys == [("org",), ("id",)]
    assert "TOWLINE_STATE" not in first.stdout


def test_the_state_file_is_removed(towline, configuration, warehouse, tmp_path):
    config = configuration(singer(
        "cp {{state}} " + str(tmp_path / "seen") + "; echo {{state}} > " + str(tmp_path / "name")))
    towline("sync", config=config).expect(0)
    assert (tmp_path / "seen").read_text() == "{}"
    name = (tmp_path / "name").read_text().strip()
    assert name.startswith("/") and not __import__("os").path.exists(name)
    failing = configuration(singer("true {{state}}; exit 7"))
    towline("sync", config=failing).expect(6, "7")


def test_each_stream_of_a_tap_has_its_table(towline, configuration, warehouse, tap):
    config = configuration(singer(tap + " {{state}}"),
                           singer(tap + " {{state}}", "log_lines", tap_stream="logs"))
    towline("sync", config=config).expect(0)
    assert warehouse.count("users") == 3
    assert warehouse.rows("log_lines", "text", order=1) == [("line 1",), ("line 2",), ("line 3",)]
    assert "_towline_id" in str(warehouse.query("SELECT sql FROM sqlite_schema "
                                                "WHERE name = 'log_lines'"))


def test_a_stream_that_the_tap_lacks_is_told(towline, configuration, tap):
    towline("sync", config=configuration(singer(tap + " {{state}}", "user"))).expect(
        0, 'no stream "user", but "users", "logs"')
    schema = json.dumps({"type": "SCHEMA", "stream": "q", "schema": {}, "key_properties": []})
    towline("sync", config=configuration(singer(echo(schema), "user"))).expect(
        0, 'no stream "user", but "q"')


def test_rows_and_state_are_one_transaction(towline, configuration, warehouse, tap):
    config = configuration(singer(tap + " {{state}}"))
    towline("sync", config=config).expect(0)
    before = warehouse.content()
    broken = configuration(singer(tap + " {{state}}; exit 3"))
    towline("sync", config=broken).expect(6)
    assert warehouse.content() == before
    checkpoints = configuration(singer(tap + " {{state}}; exit 3", checkpoint_rows="1"))
    towline("sync", config=checkpoints).expect(6)
    assert warehouse.rows("users", "id")[-1] == (6,)
    state = json.loads(towline("state", "show", config=config).stdout)["users"]["tap"]
    assert state["seen"] == 6


@pytest.mark.parametrize("output, says", [
    ("INFO starting", "no Singer message"),
    ('{"type":"RECORD","stream":"users","record":{"id":', "byte"),
    ('{"type":"RECORD","record":{"id":1}}', "of no stream"),
    ('{"type":"RECORD","stream":"users","record":7}', "not an object"),
    ('{"type":"BATCH","stream":"users"}', "BATCH"),
])
def test_what_is_no_message_fails_with_its_line(towline, configuration, output, says):
    towline("sync", config=configuration(singer(echo(output)))).expect(7, says)


def test_fields_that_have_no_meaning_are_refused(towline, configuration):
    towline("sync", config=configuration(singer("true", rows="/x"))).expect(2, "`rows`")
    towline("sync", config=configuration(stream("true", tap_stream="x"))).expect(2, "tap_stream")


def test_our_own_tap_and_source_can_be_read(program, towline, configuration, warehouse, tmp_path):
    inner = configuration(stream(echo('[{"id":1,"a":"x","o":{"b":[1.50]}},{"id":2}]'), "t",
                                 cursor="id"))
    (tmp_path / "inner.json").write_text(json.dumps(inner))
    (tmp_path / "catalog.json").write_text(json.dumps(configured(
        {**bare("t"), "supported_sync_modes": ["full_refresh", "incremental"]})))
    begin = f"cd {tmp_path} && {program}"
    config = configuration(
        stream(begin + " singer --config inner.json --state {{state}}", "by_tap", key=None,
               format="singer", tap_stream="t"),
        stream(begin + " airbyte read --config inner.json --catalog catalog.json "
               "--state {{state}}", "by_source", format="airbyte", tap_stream="t"))
    for _ in range(2):
        towline("sync", config=config).expect(0)
        for table in ("by_tap", "by_source"):
            assert warehouse.rows(table, "id", "a", "o") == [(1, "x", '{"b":[1.50]}'),
                                                             (2, None, None)]
    state = json.loads(towline("state", "show", config=config).stdout)
    assert state["by_tap"]["tap"]["bookmarks"]["t"]["replication_key_value"] == 2
    assert state["by_source"]["tap"][0]["stream"]["stream_state"]["state"] == {"cursor": "2"}


@pytest.mark.parametrize("message, says", [
    ({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1, "error": {
        "message": "the token has expired"}}}, "the token has expired"),
    ({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": {
        "stream_descriptor": {"name": "t"}, "status": "INCOMPLETE"}}}, "gave up stream t"),
])
def test_a_source_that_gives_up_fails_the_stream(towline, configuration, warehouse, message, says):
    lines = [{"type": "RECORD", "record": {"stream": "t", "data": {"id": 1}, "emitted_at": 1}},
             message]
    command = "echo 'a line of log'; " + echo("\n".join(json.dumps(line) for line in lines))
    config = configuration(stream(command, "u", format="airbyte", tap_stream="t"))
    towline("sync", config=config).expect(6, says)
    assert warehouse.count("u") == 0


def test_a_tap_behind_our_own_stays_incremental(towline, configuration, tap):
    outer = Tap(towline)
    config = configuration(singer(tap + " {{state}}"))
    found = outer.discover(config)["users"]
    assert found["replication_method"] == "INCREMENTAL"
    outer.sync(config)
    second = outer.sync(config, None, outer.target.state)
    assert "ACTIVATE_VERSION" not in [message["type"] for message in second]
    assert [row["id"] for row in outer.target.rows("users")] == [1, 2, 3, 4, 5, 6]
    airbyte = Airbyte(towline)
    discovered = airbyte.streams(config)["users"]
    assert discovered["supported_sync_modes"] == ["full_refresh", "incremental"]
    assert discovered["source_defined_cursor"] is True
    first = airbyte.read(config, configured(discovered)).expect(0)
    again = airbyte.read(config, configured(discovered), first.of("STATE")).expect(0)
    assert [row["id"] for row in again.rows("users")] == [4, 5, 6]
