"""All streams of a tap or a source at once: each fills a table, one state covers them."""
import json
import sqlite3

import fivetran
import pytest
from airbyte import Airbyte, bare, configured
from test_singer import Tap, select
from test_sync import echo, stream

# A tap of a shop, whose data the test changes between syncs. Customers are loaded whole, each
# time as another version; orders go on after the last one seen; notes have no key. The records
# of all three come interleaved.
SHOP = """
import itertools, json, sys
shop = json.load(open(sys.argv[1]))
state = json.load(open(sys.argv[2]))
done = state.get("bookmarks", {}).get("orders", {}).get("id", 0)
def say(**message):
    print(json.dumps(message), flush=True)
def field(*types, **more):
    return {"type": ["null", *types], **more}
say(type="SCHEMA", stream="customers", key_properties=["id"], schema={"properties": {
    "id": {"type": "integer"}, "name": field("string"), "rate": field("number"),
    "born": field("string", format="date"), "seen": field("string", format="date-time"),
    "tags": field("array", items={}), "vip": field("boolean")}})
say(type="SCHEMA", stream="orders", key_properties=["id"], schema={"properties": {
    "id": {"type": "integer"}, "total": field("number")}})
say(type="SCHEMA", stream="notes", key_properties=[], schema={"properties": {
    "text": field("string")}})
say(type="SCHEMA", stream="refunds", key_properties=["order", "nr"], schema={"properties": {
    "order": {"type": "integer"}, "nr": {"type": "integer"}, "why": field("string")}})
version = shop["version"]
orders = [order for order in shop["orders"] if order["id"] > done]
count = 0
for customer, order, note in itertools.zip_longest(shop["customers"], orders, shop["notes"]):
    if customer:
        say(type="RECORD", stream="customers", record=customer, version=version)
    if note:
        say(type="RECORD", stream="notes", record=note)
    if order:
        say(type="RECORD", stream="orders", record=order)
        done = order["id"]
        say(type="STATE", value={"bookmarks": {"orders": {"id": done}}, "version": version})
    count += 1
    if count == shop.get("crash_after"):
        sys.exit(3)
say(type="ACTIVATE_VERSION", stream="customers", version=version)
say(type="STATE", value={"bookmarks": {"orders": {"id": done}}, "version": version})
say(type="SOMETHING_NEW", stream="customers", value=[1])
"""


class Shop:
    """The tap and its data."""

    def __init__(self, path):
        self.path = path
        (path / "tap.py").write_text(SHOP)
        self.data = {"version": 1, "notes": [{"text": "a"}, {"text": "b"}],
                     "customers": [{"id": n, "name": f"c{n}", "rate": n} for n in range(1, 6)],
                     "orders": [{"id": n, "total": n / 4} for n in range(1, 6)]}

    def stream(self, **fields):
        """A stream that runs the tap on the data as they are now."""
        (self.path / "shop.json").write_text(json.dumps(self.data))
        return {"format": "singer", **fields,
                "command": f"/usr/bin/python3 {self.path}/tap.py {self.path}/shop.json {{{{state}}}}"}


@pytest.fixture
def shop(tmp_path):
    """A shop of its own for each test."""
    return Shop(tmp_path)


def say(*messages):
    """A command that prints the messages."""
    return echo("".join(json.dumps(message) + "\n" for message in messages))


def schema(name, *key, **properties):
    """A SCHEMA message."""
    return {"type": "SCHEMA", "stream": name, "key_properties": list(key),
            "schema": {"properties": {column: {"type": kind} for column, kind
                                      in properties.items()}}}


def record(name, version=None, **row):
    """A RECORD message."""
    message = {"type": "RECORD", "stream": name, "record": row}
    return {**message, "version": version} if version else message


def types_of(warehouse, table):
    """The types of the table's columns."""
    return dict(warehouse.query("SELECT column_name, type FROM _towline_columns "
                                "WHERE table_name = ? AND column_name NOT LIKE '!_towline%' "
                                "ESCAPE '!'", table))


@pytest.mark.parametrize("table, prefix", [(None, ""), ("*", ""), ("shop_*", "shop_")])
def test_each_stream_of_the_tap_has_a_table(towline, configuration, warehouse, shop, table,
                                            prefix):
    config = configuration(shop.stream(**({"table": table} if table else {})))
    out = towline("sync", config=config).expect(0).stdout
    names = [prefix + name for name in ("customers", "notes", "orders", "refunds")]
    assert warehouse.tables() == names
    assert warehouse.rows(names[0], "id", "name", "rate") == [
        (n, f"c{n}", float(n)) for n in range(1, 6)]
    assert warehouse.rows(names[2], "id", "total") == [(n, n / 4) for n in range(1, 6)]
    assert warehouse.rows(names[1], "text") == [("a",), ("b",)]
    assert types_of(warehouse, names[0]) == {
        "id": "LONG", "name": "STRING", "rate": "DOUBLE", "born": "NAIVE_DATE",
        "seen": "UTC_DATETIME", "tags": "JSON", "vip": "BOOLEAN"}
    keys = warehouse.query("SELECT column_name FROM _towline_columns WHERE table_name = ? AND "
                           "primary_key > 0 ORDER BY primary_key", names[3])
    assert keys == [("order",), ("nr",)]
    for name, count in zip(names, (5, 2, 5, 0)):
        assert f"{name}" in out and f"done: {count} rows, {count} inserted" in out
    assert "Upserts       | 12\n" in out and "SchemaChanges | 4\n" in out
    runs = warehouse.query("SELECT stream, status, rows_read, inserted FROM _towline_runs "
                           "ORDER BY stream")
    assert runs == [(prefix + "*", "done", 0, 0), *[
        (name, "done", count, count) for name, count in zip(names, (5, 2, 5, 0))]]
    state = json.loads(towline("state", "show", config=config).expect(0).stdout)
    assert list(state) == [prefix + "*"]
    assert state[prefix + "*"]["tap"] == {"bookmarks": {"orders": {"id": 5}}, "version": 1}


def test_the_state_is_handed_back(towline, configuration, warehouse, shop):
    towline("sync", config=configuration(shop.stream())).expect(0)
    shop.data["orders"] = [{"id": 5, "total": 99}, {"id": 6, "total": 1.5}]
    shop.data["version"] = 2
    summary = shop.path / "summary.json"
    config = configuration(shop.stream())
    towline("sync", "--summary", summary, config=config).expect(0)
    assert warehouse.rows("orders", "id", "total")[-2:] == [(5, 1.25), (6, 1.5)]
    told = json.loads(summary.read_text())["streams"][0]
    assert told["stream"] == "*" and told["rows_read"] == 8
    assert [(table["table"], table["rows_read"], table["inserted"], table["unchanged"])
            for table in told["tables"]] == [("customers", 5, 0, 5), ("orders", 1, 1, 0),
                                             ("notes", 2, 0, 2), ("refunds", 0, 0, 0)]


@pytest.mark.parametrize("deletes, left", [("ignore", 5), ("soft", 4), ("hard", 4)])
def test_a_new_version_removes_what_it_lacks(towline, configuration, warehouse, shop, deletes,
                                             left):
    towline("sync", config=configuration(shop.stream(deletes=deletes))).expect(0)
    shop.data.update(version=2, orders=[])
    del shop.data["customers"][2]
    out = towline("sync", config=configuration(shop.stream(deletes=deletes))).expect(0).stdout
    assert warehouse.count("customers") == left
    assert warehouse.count("orders") == 5 and warehouse.count("notes") == 2
    assert warehouse.query("SELECT count(*) FROM customers") == [(4 if deletes == "hard" else 5,)]
    assert f"{5 - left} deleted" in out


def test_two_loads_interleaved_are_swept_each_by_itself(towline, configuration, warehouse):
    def load(version, left, right):
        messages = [schema("l", "id", id="integer"), schema("r", "id", id="integer")]
        for a, b in zip(left, right):
            messages += [record("l", version, id=a), record("r", version, id=b)]
        messages += [{"type": "ACTIVATE_VERSION", "stream": name, "version": version}
                     for name in ("l", "r")]
        messages.append({"type": "STATE", "value": {"version": version}})
        return configuration({"format": "singer", "command": say(*messages), "deletes": "hard",
                              "checkpoint_rows": "1"})

    towline("sync", config=load(1, [1, 2, 3], [4, 5, 6])).expect(0)
    towline("sync", config=load(2, [1, 3], [5, 7])).expect(0)
    assert warehouse.rows("l") == [(1,), (3,)]
    assert warehouse.rows("r") == [(5,), (7,)]


def test_a_version_that_goes_on_removes_nothing(towline, configuration, warehouse):
    """Rows of the same version came in the run before: this one does not have them all."""
    def run(ids):
        return configuration({"format": "singer", "deletes": "hard", "command": say(
            schema("t", "id", id="integer"), {"type": "ACTIVATE_VERSION", "stream": "t",
                                              "version": 7},
            *[record("t", 7, id=n) for n in ids], {"type": "STATE", "value": {"at": max(ids)}},
            {"type": "ACTIVATE_VERSION", "stream": "t", "version": 7})})

    towline("sync", config=run([1, 2])).expect(0)
    towline("sync", config=run([3, 4])).expect(0)
    assert warehouse.rows("t") == [(1,), (2,), (3,), (4,)]


def test_a_load_without_rows_empties_the_table(towline, configuration, warehouse):
    activate = {"type": "ACTIVATE_VERSION", "stream": "t"}
    head = schema("t", "id", id="integer")
    for messages in ([record("t", 1, id=1), {**activate, "version": 1}],
                     [{**activate, "version": 2}]):
        towline("sync", config=configuration({
            "format": "singer", "deletes": "soft", "command": say(head, *messages, {
                "type": "STATE", "value": {"x": 1}})})).expect(0)
    assert warehouse.count("t") == 0


def test_a_state_from_elsewhere_removes_nothing(towline, configuration, warehouse, shop):
    towline("sync", config=configuration(shop.stream())).expect(0)
    config = configuration(shop.stream(deletes="hard"))
    towline("state", "set", '{"*":{"tap":{"bookmarks":{"orders":{"id":5}}}}}', config=config)
    shop.data["customers"] = shop.data["customers"][:1]
    towline("sync", config=configuration(shop.stream(deletes="hard"))).expect(0)
    assert warehouse.count("customers") == 5


def test_a_deleted_row_is_deleted_softly(towline, configuration, warehouse):
    head = schema("t", "id", id="integer", a="string", _sdc_deleted_at="string")
    towline("sync", config=configuration({"format": "singer", "command": say(
        head, record("t", id=1, a="x", _sdc_deleted_at=None), record("t", id=2, a="y"),
        record("t", id=1, a="x", _sdc_deleted_at="2026-01-01T00:00:00Z"),
        record("t", id=3, a="_sdc_deleted_at"))})).expect(0)
    assert warehouse.rows("t", "id", "a") == [(2, "y"), (3, "_sdc_deleted_at")]
    assert warehouse.query("SELECT id, a FROM t WHERE _towline_deleted") == [(1, "x")]


def test_rows_of_all_tables_and_the_state_are_one_transaction(towline, configuration, warehouse,
                                                              shop):
    towline("sync", config=configuration(shop.stream())).expect(0)
    before = warehouse.content()
    shop.data.update(version=2, crash_after=2)
    shop.data["orders"] += [{"id": n, "total": n} for n in range(6, 10)]
    shop.data["customers"][0]["name"] = "changed"
    towline("sync", config=configuration(shop.stream())).expect(6)
    assert warehouse.content() == before
    status = dict(warehouse.query("SELECT stream, status FROM _towline_runs WHERE run = 2"))
    assert status["*"] == "failed" and status["orders"] == "failed"


def test_what_was_committed_before_a_crash_is_not_asked_for_again(towline, configuration,
                                                                  warehouse, shop):
    shop.data["crash_after"] = 3
    towline("sync", config=configuration(shop.stream(checkpoint_rows="1"))).expect(6)
    config = configuration(shop.stream(checkpoint_rows="1"))
    state = json.loads(towline("state", "show", config=config).stdout)["*"]
    assert state["tap"]["bookmarks"]["orders"]["id"] == 3
    assert warehouse.count("orders") == 3 and warehouse.count("customers") == 3
    assert warehouse.count("notes") == 2
    runs = dict(warehouse.query("SELECT stream, status FROM _towline_runs"))
    assert set(runs.values()) == {"failed"} and "customers" in runs
    del shop.data["crash_after"]
    out = towline("sync", config=configuration(shop.stream())).expect(0).stdout
    assert "done: 2 rows, 2 inserted" in out
    assert warehouse.count("orders") == 5


def test_a_state_is_not_ahead_of_rows_of_other_streams(towline, configuration, warehouse):
    """The state comes when rows of both streams are still on their way."""
    command = say(schema("a", "id", id="integer"), schema("b", "id", id="integer"),
                  record("a", id=1), record("b", id=1), {"type": "STATE", "value": {"n": 1}},
                  record("a", id=2), record("b", id=2)) + "; exit 1"
    towline("sync", config=configuration({
        "format": "singer", "command": command, "checkpoint_rows": "2"})).expect(6)
    assert warehouse.rows("a") == [(1,)] and warehouse.rows("b") == [(1,)]
    assert warehouse.query("SELECT state FROM _towline_state") == [
        ('{"tap":{"n":1},"tables":["a","b"]}',)]


def test_a_schema_that_changes_widens_the_table(towline, configuration, warehouse):
    towline("sync", config=configuration({"format": "singer", "command": say(
        schema("t", "id", id="integer", a="integer"), record("t", id=1, a=1),
        schema("t", "id", id="integer", a="string", b="boolean"), record("t", id=2, a="x"))})
            ).expect(0)
    assert types_of(warehouse, "t") == {"id": "LONG", "a": "STRING", "b": "BOOLEAN"}
    assert warehouse.rows("t", "id", "a") == [(1, "1"), (2, "x")]
    towline("sync", config=configuration({"format": "singer", "command": say(
        schema("t", "id", id="integer"), record("t", id=1),
        schema("t", "a", id="integer"), record("t", id=2, a="x"))})).expect(
            7, "line 3", "schema of t", "another key")


def test_a_value_that_its_schema_does_not_allow_is_kept(towline, configuration, warehouse):
    towline("sync", config=configuration({"format": "singer", "command": say(
        schema("t", "id", id="integer", a="integer", n="number"),
        record("t", id=1, a="seven", n=1), record("t", id=2, a=7, n=2.5))})).expect(0)
    assert warehouse.rows("t", "a", "n", order="id") == [("seven", 1.0), ("7", 2.5)]
    exact = '{"type":"RECORD","stream":"t","record":{"id":3,"n":0.10000000000000000000001}}'
    towline("sync", config=configuration({"format": "singer", "command": say(
        schema("t", "id", id="integer", n="number")) + "; " + echo(exact)})).expect(0)
    assert warehouse.rows("t", "n", order="id")[-1] == ("0.10000000000000000000001",)


@pytest.mark.parametrize("line, says", [
    ('{"type":"RECORD","stream":"t","record":{"id":1,}}', ["table t", "byte "]),
    ('{"type":"RECORD","stream":"t","record":{"id"', ["table t", "byte "]),
    ('{"type":"SCHEMA","stream":"t","schema":', ["the schema of t"]),
    ('{"type":"STATE","value":{"a":}}', ["state"]),
    ('{"type":"RECORD","stream":"","record":{"id":1}}', ["table"]),
    ('{"type":"RECORD","stream":"_towline_x","record":{"id":1}}', ["for itself"]),
    ('not a message', ["no Singer message"]),
])
def test_what_is_malformed_is_refused_with_its_line(towline, configuration, line, says):
    before = json.dumps(record("t", id=7)) + "\n"
    result = towline("sync", config=configuration({
        "format": "singer", "command": echo(before + line)})).expect(7, "line 2", *says)
    assert f"at byte {len(before)}" in result.stderr


def test_tables_that_cannot_be_are_refused(towline, configuration, warehouse):
    clash = {"format": "singer", "command": say(record("u", id=1))}
    towline("sync", config=configuration(clash, stream(echo('{"id":1}'), "u"))).expect(
        10, "another stream")
    assert warehouse.tables() == ["u"]
    towline("sync", config=configuration({"format": "singer", "command": say(
        record("a", id=1), record("A", id=1))})).expect(7, "one name")
    for wrong, says in [({"table": "a**"}, "more than one"), ({"tap_stream": "x", "table": "*"},
                                                              "tap_stream"),
                        ({"cursor": "id"}, "cursor")]:
        towline("sync", config=configuration({**clash, **wrong})).expect(2, says)
    towline("sync", config=configuration(clash, {**clash, "table": "a_*"})).expect(
        2, "same table")
    towline("sync", config=configuration({"command": "true"})).expect(2, '"streams[0].table" is')


def test_discover_and_dry_run_know_the_tables(towline, configuration, warehouse, shop):
    config = configuration(shop.stream())
    found = json.loads(towline("discover", "--json", config=config).expect(0).stdout)
    assert [(table["table"], table["rows"]) for table in found] == [
        ("customers", 5), ("orders", 5), ("notes", 2), ("refunds", 0)]
    out = towline("sync", "--dry-run", config=config).expect(0).stdout
    assert "new table customers (" in out and '{"id":1' in out
    assert 'Would save       {"tap":' in out
    assert not warehouse.path.exists()


def test_reset_removes_the_tables_of_this_tap_alone(towline, configuration, warehouse, shop):
    other = configuration(stream(echo('{"id":1}'), "other"))
    towline("sync", config=other).expect(0)
    config = configuration(shop.stream())
    towline("sync", config=config).expect(0)
    towline("reset", "--yes", config=config).expect(0, "customers: removed")
    assert warehouse.tables() == ["other"]
    assert warehouse.query("SELECT DISTINCT stream FROM _towline_runs") == [("other",)]


def test_many_streams_interleaved(towline, configuration, warehouse, tmp_path):
    """More tables than may hold rows at a time, each with rows in every round."""
    (tmp_path / "many.py").write_text(
        "import json\n"
        "for n in range(20):\n"
        "    for s in range(100):\n"
        "        print(json.dumps({'type': 'RECORD', 'stream': f's{s}',"
        " 'record': {'id': n, 's': s}}))\n"
        "    print(json.dumps({'type': 'STATE', 'value': {'n': n}}))\n")
    towline("sync", config=configuration({
        "format": "singer", "command": f"/usr/bin/python3 {tmp_path}/many.py",
        "primary_key": ["id"], "checkpoint_rows": "300"})).expect(0)
    assert len(warehouse.tables()) == 100
    assert all(warehouse.rows(f"s{n}", "id", "s") == [(i, n) for i in range(20)]
               for n in (0, 50, 99))


def test_the_same_tap_on_several_hosts(towline, configuration, warehouse, sshd, shop):
    hosts = [f"{sshd.user}@{name}:{sshd.port}" for name in ("127.0.0.1", "localhost")]
    config = configuration(shop.stream(), ssh_host=None, ssh_port=None, ssh_hosts=hosts,
                           ssh_host_key_policy="relaxed")
    out = towline("sync", config=config).expect(0).stdout
    assert warehouse.count("customers") == 10 and warehouse.count("notes") == 4
    assert len(warehouse.query("SELECT DISTINCT _towline_host FROM orders")) == 2
    assert out.count("5 rows, 5 inserted") == 4


def test_a_source_fills_a_table_for_each_stream(towline, configuration, warehouse):
    def status(name, word):
        return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1,
                                           "stream_status": {
            "stream_descriptor": {"name": name}, "status": word}}}

    def run(users, changes):
        def state(name, **blob):
            return {"type": "STATE", "state": {"type": "STREAM", "stream": {
                "stream_descriptor": {"name": name}, "stream_state": blob}}}

        catalog = {"type": "CATALOG", "catalog": {"streams": [
            {"name": "users", "supported_sync_modes": ["full_refresh"],
             "source_defined_primary_key": [["id"]], "json_schema": {"properties": {
                 "id": {"type": "integer"}, "born": {"type": ["null", "string"],
                                                     "format": "date"}}}},
            {"name": "changes", "supported_sync_modes": ["full_refresh", "incremental"],
             "source_defined_primary_key": [["at", "n"]], "json_schema": {"properties": {}}},
            {"name": "unused", "supported_sync_modes": ["full_refresh"],
             "json_schema": {"properties": {"x": {"type": "string"}}}}]}}
        messages = [catalog, status("users", "STARTED"), status("changes", "STARTED")]
        for name, rows in (("users", [{"id": n} for n in users]),
                           ("changes", [{"at": {"n": n}, "exact": 2 ** 70} for n in changes])):
            messages += [{"type": "RECORD", "record": {"stream": name, "data": row,
                                                       "emitted_at": 1}} for row in rows]
            messages += [state(name, last=2 ** 70 + len(rows)), status(name, "COMPLETE")]
        return configuration({"format": "airbyte", "table": "src_*", "deletes": "hard",
                              "command": say(*messages)})

    towline("sync", config=run([1, 2, 3], [1, 2])).expect(0)
    towline("sync", config=run([1, 3], [3])).expect(0)
    assert warehouse.tables() == ["src_changes", "src_users"]
    assert warehouse.rows("src_users", "id") == [(1,), (3,)]
    assert warehouse.rows("src_changes", "at_n", "exact") == [(n, str(2 ** 70))
                                                              for n in (1, 2, 3)]
    assert types_of(warehouse, "src_users")["born"] == "NAIVE_DATE"
    ((state,),) = warehouse.query("SELECT state FROM _towline_state")
    assert [entry["stream"]["stream_state"]["last"] for entry in json.loads(state)["tap"]] == [
        2 ** 70 + 2, 2 ** 70 + 1]


def test_a_global_state_replaces_those_of_streams(towline, configuration, warehouse):
    shared = {"type": "STATE", "state": {"type": "GLOBAL", "global": {
        "shared_state": {"lsn": 7}, "stream_states": []}}}
    row = {"type": "RECORD", "record": {"stream": "a", "data": {"id": 1}, "emitted_at": 1}}
    towline("sync", config=configuration({"format": "airbyte", "command": say(
        row, shared, shared)})).expect(0)
    ((state,),) = warehouse.query("SELECT state FROM _towline_state")
    assert json.loads(state) == {"tap": [shared["state"]], "tables": ["a"]}


def test_our_own_tap_and_source_have_the_same_rows(program, towline, configuration, warehouse,
                                                   tmp_path):
    rows = ('[{"id":1,"a":"x\\u0000","n":1.50,"big":123456789012345678901,"d":"2026-01-02",'
            '"t":"2026-01-02T03:04:05Z","o":{"b":[1.50]},"y":true},{"id":2,"n":7}]')
    inner = configuration(stream(echo(rows), "one", cursor="id"),
                          stream(echo('[{"k":"a"},{"k":"b"}]'), "two", key=["k"]))
    (tmp_path / "inner.json").write_text(json.dumps(inner))
    modes = {"supported_sync_modes": ["full_refresh", "incremental"]}
    (tmp_path / "catalog.json").write_text(json.dumps(configured(
        {**bare("one"), **modes}, {**bare("two"), **modes})))
    begin = f"cd {tmp_path} && {program}"
    outer = configuration(
        {"table": "tap_*", "format": "singer",
         "command": begin + " singer --config inner.json --state {{state}}"},
        {"table": "src_*", "format": "airbyte",
         "command": f"{begin} airbyte discover --config inner.json && {program} airbyte read "
                    "--config inner.json --catalog catalog.json --state {{state}}"})
    towline("sync", "--destination", f"sqlite:{tmp_path}/direct.db", config=inner).expect(0)
    for _ in range(2):
        towline("sync", config=outer).expect(0)
        for name in ("one", "two"):
            with sqlite3.connect(tmp_path / "direct.db") as direct:
                columns = [column for column in warehouse.columns("tap_" + name)]
                wanted = direct.execute(f"SELECT {', '.join(columns)} FROM {name} "
                                        "ORDER BY 1").fetchall()
            direct.close()
            assert warehouse.rows("tap_" + name, *columns) == wanted
            assert warehouse.rows("src_" + name, *columns) == wanted


# --- on platforms ---------------------------------------------------------------------------


def test_airbyte_has_a_stream_for_each_table(towline, configuration, shop):
    airbyte = Airbyte(towline)
    config = configuration(shop.stream(table="shop_*"))
    found = airbyte.streams(config)
    assert list(found) == ["shop_customers", "shop_orders", "shop_notes", "shop_refunds"]
    assert found["shop_customers"]["source_defined_primary_key"] == [["id"]]
    assert found["shop_refunds"]["source_defined_primary_key"] == [["order"], ["nr"]]
    assert "vip" in found["shop_customers"]["json_schema"]["properties"]
    chosen = configured(found["shop_customers"], found["shop_orders"], found["shop_refunds"])
    first = airbyte.read(config, chosen).expect(0)
    assert [row["id"] for row in first.rows("shop_orders")] == [1, 2, 3, 4, 5]
    assert len(first.rows("shop_customers")) == 5 and not first.rows("shop_notes")
    for name in ("shop_customers", "shop_orders", "shop_refunds"):
        assert first.statuses(name)[0] == "STARTED" and first.statuses(name)[-1] == "COMPLETE"
    shop.data["orders"].append({"id": 6, "total": 6})
    again = airbyte.read(configuration(shop.stream(table="shop_*")), chosen,
                         first.of("STATE")).expect(0)
    assert [row["id"] for row in again.rows("shop_orders")] == [6]
    cleared = [state for state in again.of("STATE")
               if state["stream"]["stream_descriptor"]["name"] != "shop_orders"]
    config = configuration(shop.stream(table="shop_*"))
    assert len(airbyte.read(config, chosen, cleared).expect(0).rows("shop_orders")) == 6
    shop.data["crash_after"] = 1
    failed = airbyte.read(configuration(shop.stream(table="shop_*")), chosen)
    assert failed.code == 6
    assert {error["stream_descriptor"]["name"] for error in failed.errors()} == {
        "shop_customers", "shop_orders", "shop_refunds"}
    assert failed.statuses("shop_orders")[-1] == "INCOMPLETE"


def test_singer_has_a_stream_for_each_table(towline, configuration, shop):
    tap = Tap(towline)
    config = configuration(shop.stream())
    found = tap.discover(config)
    assert list(found) == ["customers", "orders", "notes", "refunds"]
    assert found["refunds"]["key_properties"] == ["order", "nr"]
    catalog = {"streams": [select(found["orders"]), select(found["refunds"]),
                           found["customers"]]}
    tap.sync(config, catalog)
    assert sorted(tap.target.tables) == ["orders", "refunds"]
    assert [row["id"] for row in tap.target.rows("orders")] == [1, 2, 3, 4, 5]
    assert list(tap.target.state["bookmarks"]) == ["*"]
    shop.data["orders"] = [{"id": 5, "total": 0}, {"id": 6, "total": 6}]
    second = tap.sync(configuration(shop.stream()), catalog, tap.target.state)
    assert [message["record"]["id"] for message in second if message["type"] == "RECORD"] == [6]
    tap.sync(configuration(shop.stream()))
    assert sorted(tap.target.tables) == ["customers", "notes", "orders", "refunds"]


def test_a_deleted_row_is_told_to_platforms(towline, configuration):
    tap = Tap(towline)
    tap.sync(configuration({"format": "singer", "command": say(
        schema("t", "id", id="integer"), record("t", id=1),
        record("t", id=1, _sdc_deleted_at="2026-01-01T00:00:00Z"))}))
    assert [row["_sdc_deleted_at"] for row in tap.target.rows("t")] == ["2026-01-01T00:00:00Z"]


def test_fivetran_has_a_table_for_each_stream(towline, configuration, shop):
    server = fivetran.Server(towline)
    try:
        client = fivetran.Client(server.port)
        asked = {"configuration": fivetran.flat(configuration(shop.stream(table="shop_*")))}
        told = client.schema(**asked)
        platform = fivetran.Platform(told)
        assert list(platform.columns) == ["shop_customers", "shop_orders", "shop_notes",
                                          "shop_refunds"]
        assert platform.columns["shop_refunds"]["nr"] == ("LONG", True)
        platform.take_all(client.update(**asked))
        assert len(platform.rows["shop_customers"]) == 5 and not platform.task
        assert len(platform.rows["shop_orders"]) == 5
        shop.data["orders"].append({"id": 6, "total": 6})
        asked = {"configuration": fivetran.flat(configuration(shop.stream(table="shop_*")))}
        second = fivetran.Platform(told).take_all(client.update(
            state_json=json.dumps(platform.states[-1]), **asked))
        assert [row["id"] for row in second.rows["shop_orders"].values()] == [6]
        client.close()
    finally:
        server.kill()
