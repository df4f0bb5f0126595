"""Singer's protocol, driven as Meltano drives a tap; a small target takes what it prints."""
import datetime
import json
import os
import re
import signal

import jsonschema
import pytest
from program import wait_until
from test_airbyte import USERS, users
from test_sync import HARD, echo, stream


class Target:
    """Loads messages into tables as a target does: by key, and dropping other versions."""

    def __init__(self):
        self.schemas, self.tables, self.versions, self.states = {}, {}, {}, []
        self.state = None

    def take(self, line):
        """One line of a tap's output."""
        message = json.loads(line)
        getattr(self, "take_" + message["type"].lower())(message)
        return message

    def take_schema(self, message):
        """The columns from now on."""
        jsonschema.Draft7Validator.check_schema(message["schema"])
        assert set(message["key_properties"]) <= set(message["schema"]["properties"])
        assert set(message.get("bookmark_properties", [])) <= set(message["schema"]["properties"])
        self.schemas[message["stream"]] = message
        self.tables.setdefault(message["stream"], {})

    def take_record(self, message):
        """A row, which must be as its schema says."""
        schema = self.schemas[message["stream"]]
        jsonschema.validate(message["record"], schema["schema"])
        assert set(message["record"]) <= set(schema["schema"]["properties"])
        datetime.datetime.fromisoformat(message["time_extracted"].replace("Z", "+00:00"))
        key = tuple(message["record"][name] for name in schema["key_properties"])
        assert None not in key
        self.tables[message["stream"]][key] = (message["record"], message.get("version"))

    def take_activate_version(self, message):
        """Rows of other versions go."""
        table = self.tables[message["stream"]]
        self.tables[message["stream"]] = {
            key: row for key, row in table.items() if row[1] == message["version"]}

    def take_state(self, message):
        """What to hand back."""
        assert set(message["value"]) == {"bookmarks", "currently_syncing"}
        self.state = message["value"]
        self.states.append(message["value"])

    def rows(self, stream):
        """The table's rows, in the order of their arrival."""
        return [row for row, _ in self.tables[stream].values()]


class Tap:
    """Runs the tap, into a target that lives on from run to run."""

    def __init__(self, towline):
        self.towline = towline
        self.target = Target()

    def file(self, name, content):
        """A file with the content as JSON, or as it is; mode 0600."""
        return self.towline.write_config(content, name)

    def run(self, *words, code=0, **options):
        """Any command line; its result."""
        result = self.towline("singer", *words, **options)
        assert result.code == code, result
        assert ("CRITICAL" in result.stderr) == (code != 0), result
        return result

    def arguments(self, config, catalog=None, state=None):
        """The command line of a sync; its files are written."""
        words = ["--config", self.file("config.json", config)]
        if catalog is not None:
            words += ["--catalog", self.file("catalog.json", catalog)]
        return words if state is None else [*words, "--state", self.file("state.json", state)]

    def sync(self, config, catalog=None, state=None, **options):
        """Runs a sync into the target; its messages."""
        result = self.run(*self.arguments(config, catalog, state), **options)
        assert result.stdout == "" or result.stdout.endswith("\n")
        self.result = result
        return [self.target.take(line) for line in result.stdout.splitlines()]

    def discover(self, config):
        """The catalog's streams, by name."""
        catalog = json.loads(self.run("--config", self.file("config.json", config),
                                      "--discover").stdout)
        return {each["tap_stream_id"]: each for each in catalog["streams"]}


@pytest.fixture
def tap(towline):
    """The tap with its target."""
    return Tap(towline)


def select(stream, selected=True, **columns):
    """Writes into the metadata what a user selects."""
    for entry in stream["metadata"]:
        if entry["breadcrumb"] == []:
            entry["metadata"]["selected"] = selected
        elif entry["breadcrumb"][1] in columns:
            entry["metadata"]["selected"] = columns[entry["breadcrumb"][1]]
    return stream


def types(messages):
    """The messages' types, repeated ones once."""
    found = [message["type"] for message in messages]
    return [kind for index, kind in enumerate(found) if index == 0 or found[index - 1] != kind]


def metadata(stream, *breadcrumb):
    """What the catalog says of a stream or of a property."""
    return next(entry["metadata"] for entry in stream["metadata"]
                if entry["breadcrumb"] == list(breadcrumb))


# -- without a source ----------------------------------------------------------------------------

def test_about_version_and_help(tap):
    about = json.loads(tap.run("--about", "--format", "json").stdout)
    assert about["name"] == "tap-ssh"
    assert {"catalog", "discover", "state", "about", "test", "properties", "activate-version"} \
        <= set(about["capabilities"])
    jsonschema.Draft7Validator.check_schema(about["settings"])
    assert about["settings"]["properties"]["ssh_password"]["secret"] is True
    assert "ssh_host" in tap.run("--about").stdout
    assert tap.run("--about", "--format=markdown").stdout.startswith("# tap-ssh")
    assert tap.run("--version").stdout.startswith("tap-ssh ")
    assert "--catalog" in tap.run("--help").stdout


@pytest.mark.parametrize("words, says", [
    ([], "--config"), (["--conifg", "x"], "did you mean --config?"), (["sync"], "options only"),
    (["--config", "/nowhere"], "/nowhere"), (["--about", "--format", "xml"], "not text, json or markdown"),
])
def test_wrong_usage_ends_with_a_critical_line(tap, words, says):
    assert says in tap.run(*words, code=2).stderr


# -- discovery -----------------------------------------------------------------------------------

def test_discover_says_how_each_stream_can_be_synced(tap, configuration):
    found = tap.discover(configuration(users(), stream(echo('[{"id":1,"a":[1]}]'), "full")))
    stream_metadata = metadata(found["users"])
    assert stream_metadata["table-key-properties"] == ["id"]
    assert stream_metadata["valid-replication-keys"] == ["at"]
    assert stream_metadata["forced-replication-method"] == "INCREMENTAL"
    assert "selected" not in stream_metadata
    assert metadata(found["users"], "properties", "at")["inclusion"] == "automatic"
    assert metadata(found["users"], "properties", "name")["inclusion"] == "available"
    assert metadata(found["full"])["forced-replication-method"] == "FULL_TABLE"
    assert metadata(found["full"])["row-count"] == 1
    assert found["full"]["schema"]["properties"]["a"] == {"type": ["null", "array"]}
    assert found["users"]["schema"]["properties"]["at"] == {
        "type": ["null", "string"], "format": "date-time"}


def test_test_reads_one_record_of_each_stream(tap, configuration):
    command = "i=0; while :; do i=$((i+1)); echo \"{\\\"id\\\":$i}\"; done"
    config = tap.file("config.json", configuration(stream(command)))
    assert tap.run("--config", config, "--test").stdout == ""
    bad = tap.file("bad.json", configuration(stream("exit 3")))
    assert "3" in tap.run("--config", bad, "--test", code=6).stderr
    config = tap.file("config.json", configuration(users()))
    for words in (["--test=schema"], ["--test", "schema"]):
        schema, = map(json.loads, tap.run("--config", config, *words).stdout.splitlines())
        assert schema["type"] == "SCHEMA" and schema["bookmark_properties"] == ["at"]
    assert tap.run("--config", config, "--test", "all").stdout == ""
    assert tap.run("--test", "--config", config).stdout == ""


# -- sync ----------------------------------------------------------------------------------------

def test_sync_sends_every_value_as_it_is(tap, configuration):
    tap.sync(configuration(stream(echo(f"[{HARD}]").replace("1e400", "1e40"))))
    for text in ('"id":9007199254740993,', '"big":123456789012345678901234567890,',
                 '"dec":0.10000000000000000000001,', '"code":"007"',
                 '"text":"a\\u0000b\U0001f600\\n\\"\'"',
                 '"nested":{"b":[1,2.50,{"c":"\\u00e9"}],"a":null}'):
        assert text in tap.result.stdout


def test_incremental_goes_on_from_the_bookmark(tap, configuration):
    config = configuration(users())
    catalog = {"streams": [select(tap.discover(config)["users"])]}
    messages = tap.sync(config, catalog)
    assert types(messages)[0] == "SCHEMA" and types(messages)[-1] == "STATE"
    assert tap.target.rows("users") == USERS
    assert tap.target.state == {"currently_syncing": None, "bookmarks": {"users": {
        "replication_key": "at", "replication_key_value": USERS[-1]["at"]}}}
    assert tap.target.schemas["users"]["bookmark_properties"] == ["at"]
    for state in list(tap.target.states):
        value = state["bookmarks"]["users"]["replication_key_value"]
        again = tap.sync(config, catalog, json.dumps(state, indent=2))
        assert [m["record"] for m in again if m["type"] == "RECORD"] == [
            row for row in USERS if row["at"] >= value]


def test_a_full_load_drops_what_is_gone(tap, configuration):
    full = '[{"id":1},{"id":2}]'
    messages = tap.sync(configuration(stream(echo(full))))
    assert types(messages) == ["SCHEMA", "RECORD", "ACTIVATE_VERSION", "STATE"]
    assert [row["id"] for row in tap.target.rows("t")] == [1, 2]
    tap.sync(configuration(stream(echo('[{"id":2},{"id":3}]'))))
    assert [row["id"] for row in tap.target.rows("t")] == [2, 3]
    tap.sync(configuration(stream(echo('[{"id":4}]') + "; exit 1")), code=6)
    assert {row["id"] for row in tap.target.rows("t")} >= {2, 3}  # no version was activated


def test_full_table_can_be_asked_for(tap, configuration):
    config = configuration(users())
    chosen = select(tap.discover(config)["users"])
    tap.sync(config, {"streams": [chosen]})
    metadata(chosen)["replication-method"] = "FULL_TABLE"
    messages = tap.sync(config, {"streams": [chosen]}, tap.target.state)
    assert sum(m["type"] == "RECORD" for m in messages) == 9
    assert "ACTIVATE_VERSION" in types(messages)


def test_metadata_selects_streams_and_properties(tap, configuration):
    config = configuration(stream(echo('[{"id":1,"a":2,"b":3}]'), "one"),
                           stream("exit 1", "two"), stream("exit 1", "three"))
    rows = json.dumps([{"id": 1, "a": 2, "b": 3}])
    found = tap.discover(configuration(stream(echo(rows), "one"), stream("true", "two"),
                                       stream("true", "three")))
    catalog = {"streams": [select(found["one"], "true", a=False, id=False),
                           select(found["two"], False), found["three"]]}
    tap.sync(config, catalog)
    assert tap.target.rows("one") == [{"id": 1, "b": 3}]
    assert set(tap.target.schemas["one"]["schema"]["properties"]) == {"id", "b"}
    words = ["--config", tap.file("config.json", config),
             "--properties", tap.file("catalog.json", catalog)]
    assert tap.run(*words).stdout.count('"RECORD"') == 1
    nothing = tap.sync(config, {"streams": [found["three"]]})
    assert types(nothing) == ["STATE"] and "no stream is selected" in tap.result.stderr


def test_a_table_without_rows_is_made_all_the_same(tap, configuration):
    found = tap.discover(configuration(stream(echo('[{"id":1,"a":"x"}]'))))
    messages = tap.sync(configuration(stream("true")), {"streams": [select(found["t"])]})
    assert types(messages) == ["SCHEMA", "STATE"]
    assert messages[0]["key_properties"] == ["id"]


@pytest.mark.parametrize("key, columns", [((), ["_towline_id"]), (["/m/n"], ["m_n"])])
def test_a_table_without_rows_keeps_the_key_it_was_discovered_with(tap, configuration, key,
                                                                   columns):
    found = tap.discover(configuration(stream(echo('[{"m":{"n":"x"}}]'), key=key)))
    tap.sync(configuration(stream("true", key=key)), {"streams": [select(found["t"])]})
    schema = tap.target.schemas["t"]
    assert schema["key_properties"] == columns
    assert schema["schema"]["properties"][columns[0]] == {"type": "string"}


@pytest.mark.parametrize("output, rows", [("[]", []), ('[{"id":1,"at":2,"a":3}]',
                                                       [{"id": 1, "at": 2, "a": 3}])])
def test_key_and_cursor_are_sent_also_if_the_catalog_lacks_them(tap, configuration, output, rows):
    catalog = {"streams": [{"tap_stream_id": "t", "selected": True,
                            "schema": {"properties": {"a": {"type": ["null", "integer"]}}}}]}
    tap.sync(configuration(stream(echo(output), cursor="at")), catalog)
    assert tap.target.rows("t") == rows
    assert tap.target.schemas["t"]["key_properties"] == ["id"]
    assert tap.target.schemas["t"]["bookmark_properties"] == ["at"]


def test_a_stream_that_was_empty_when_discovered_keeps_its_types(tap, configuration):
    found = tap.discover(configuration(stream("true", "users", cursor="at")))["users"]
    assert metadata(found, "properties", "at") == {"inclusion": "automatic"}
    rows = [{"id": 1, "at": 5, "more": True}]
    tap.sync(configuration(stream(echo(json.dumps(rows)), "users", cursor="at")),
             {"streams": [select(found)]})
    assert tap.target.rows("users") == [{"id": 1, "at": 5}]
    assert tap.target.schemas["users"]["schema"]["properties"] == {
        "id": {"type": "integer"}, "at": {"type": ["null", "integer"]}}
    assert 'does not list "more"' in tap.result.stderr


def test_what_the_source_no_longer_has_is_warned_of(tap, configuration):
    found = tap.discover(configuration(stream(echo('[{"id":1,"a":1}]'), "kept"),
                                       stream(echo('[{"id":1}]'), "gone")))
    config = configuration(stream(echo('[{"id":1}]'), "kept"))
    catalog = {"streams": [select(found["kept"]), select(found["gone"])]}
    tap.sync(config, catalog)
    assert "WARNING stream gone is selected" in tap.result.stderr
    assert tap.target.rows("kept") == [{"id": 1, "a": None}]
    tap.sync(config, {"streams": [select(found["gone"])]}, code=2)


def test_new_types_are_told_before_their_rows(tap, configuration):
    command = "echo '{\"id\":1,\"a\":1}'; i=1; while [ $i -lt 5000 ]; do i=$((i+1)); " \
              "echo \"{\\\"id\\\":$i,\\\"a\\\":1}\"; done; echo '{\"id\":0,\"a\":\"x\",\"b\":{}}'"
    messages = tap.sync(configuration(stream(command)))
    assert [m["type"] for m in messages].count("SCHEMA") == 2
    assert tap.target.schemas["t"]["schema"]["properties"]["b"] == {"type": ["null", "object"]}


def test_metrics_are_logged(tap, configuration):
    tap.sync(configuration(stream(echo('[{"id":1},{"id":2}]'))))
    metrics = [json.loads(line.split("METRIC: ", 1)[1])
               for line in tap.result.stderr.splitlines() if line.startswith("INFO METRIC: ")]
    assert {"type": "counter", "metric": "record_count", "value": 2, "tags": {"stream": "t"}} \
        in metrics
    assert any(m["metric"] == "sync_duration" and m["tags"]["status"] == "succeeded"
               for m in metrics)


def test_one_stream_fails_the_others_are_synced(tap, configuration):
    tap.sync(configuration(stream("exit 3", "bad"), stream(echo('[{"id":1}]'), "good")), code=10)
    assert tap.target.rows("good") == [{"id": 1}]
    assert set(tap.target.state["bookmarks"]) == {"good"}
    assert "bad" in tap.result.stderr


def test_other_streams_keep_their_bookmarks(tap, configuration):
    state = {"bookmarks": {"users": {"replication_key_value": "2026-01-05T00:00:00Z"},
                           "elsewhere": {"deep": [1, {"big": 12345678901234567890123}], "s": "x"},
                           "odd": "text"}}
    tap.sync(configuration(users()), None, json.dumps(state, indent=1))
    assert len(tap.target.rows("users")) == 5
    kept = tap.target.state["bookmarks"]
    assert kept["elsewhere"] == state["bookmarks"]["elsewhere"] and kept["odd"] == "text"


@pytest.mark.parametrize("state", [
    "nonsense", "[]", {"bookmarks": []}, {"version": 2}, {"bookmarks": {"x": {"y": 1}}},
    {"bookmarks": {"users": {"last_update": "2026"}}},
    {"bookmarks": {"users": {"replication_key": "id", "replication_key_value": 3}}},
    {"bookmarks": {"users": {"replication_key": "at", "replication_key_value": {"at": "2026"}}}},
])
def test_a_state_that_is_not_ours_is_refused(tap, configuration, state):
    assert tap.sync(configuration(users()), None, state, code=2) == []
    last = tap.result.stderr.splitlines()[-1]
    assert last.startswith("CRITICAL the state: ")
    assert re.search(r"\. (Leave its bookmark out|Give the (value|state)) ", last), last


@pytest.mark.parametrize("state", ["", "{}", {"bookmarks": {}}, {"bookmarks": {"users": {}}},
                                   "null", {"bookmarks": None},
                                   {"type": "STATE", "value": {"bookmarks": {}}}])
def test_no_state_in_any_form_is_none(tap, configuration, state):
    tap.sync(configuration(users()), None, state)
    assert len(tap.target.rows("users")) == 9


@pytest.mark.parametrize("kept, sent", [
    (7, 7), ("7", 7), ("007", "007"), (-7, -7), ("-0", "-0"), (999999999999999, 999999999999999),
    (9007199254740993, "9007199254740993"), ("7.50", "7.50"),
])
def test_a_bookmark_is_a_number_where_no_digit_can_be_lost(tap, configuration, kept, sent):
    config = configuration({**stream("true"), "cursor": "id"})
    tap.sync(config, None, {"bookmarks": {"t": {"replication_key": "id",
                                                "replication_key_value": kept}}})
    assert tap.target.state["bookmarks"]["t"]["replication_key_value"] == sent


def test_settings_come_from_several_files_and_the_environment(tap, configuration, sshd):
    config = configuration(stream(echo('[{"id":1}]')), ssh_host="elsewhere", ssh_port="1")
    later = tap.file("later.json", {"ssh_host": sshd.host})
    result = tap.run("--config", tap.file("config.json", config), "--config", later,
                     "--config", "ENV", env={"TAP_SSH_SSH_PORT": str(sshd.port)})
    assert '"RECORD"' in result.stdout


def test_an_unknown_setting_is_named(tap, configuration):
    tap.sync(configuration(stream("true"), ssh_prot="22"), code=2)
    assert 'did you mean "ssh_port"' in tap.result.stderr


def start(tap, config):
    """A sync under way."""
    return tap.towline.start("singer", *tap.arguments(config))


def test_a_reader_that_hangs_up_is_named(tap, configuration):
    process = start(tap, configuration(stream("""seq 200000 | sed 's/.*/{"id":&}/'""")))
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 8
    assert process.stderr.read().endswith(b"CRITICAL whoever read standard output hung up\n")


def test_a_column_that_is_gone_is_told(tap, configuration):
    config = configuration(stream(echo('[{"id":1}]')))
    properties = {name: {"type": ["null", "integer"]} for name in ("id", "gone", "left_out")}
    metadata = [{"breadcrumb": [], "metadata": {"selected": True}},
                {"breadcrumb": ["properties", "left_out"], "metadata": {"selected": False}}]
    tap.sync(config, {"streams": [{"tap_stream_id": "t", "schema": {"properties": properties},
                                   "metadata": metadata}]})
    assert tap.target.rows("t") == [{"id": 1, "gone": None}]
    assert 'column "gone"' in tap.result.stderr and "left_out" not in tap.result.stderr


def test_sigterm_sends_no_state_that_is_ahead(tap, configuration, tmp_path):
    rows, begun = "".join(json.dumps(row) + "\\n" for row in USERS[:6]), tmp_path / "begun"
    command = f"printf '{rows}'; : >{begun}; sleep 60"
    process = start(tap, configuration(stream(command, "users", cursor="at")))
    wait_until(begun.exists)
    os.killpg(process.pid, signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143 and b"CRITICAL" in err
    assert b'"STATE"' not in out


def test_a_reader_that_hangs_up_ends_the_sync(tap, configuration):
    command = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); echo \"{\\\"id\\\":$i}\"; done"
    process = start(tap, configuration(stream(command), stream("sleep 60", "later")))
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 8
    assert b"CRITICAL" in process.stderr.read()


def test_a_reader_that_hangs_up_while_nothing_is_said_ends_the_sync(tap, configuration):
    process = start(tap, configuration(stream(echo('[{"id":1}]'), "first"), stream("sleep 60")))
    for _ in range(4):  # SCHEMA, RECORD, ACTIVATE_VERSION, STATE
        assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 8
    assert process.stderr.read().endswith(b"CRITICAL whoever read standard output hung up\n")


def test_secrets_are_masked(tap, configuration):
    config = configuration(stream("echo {{config.api_key}} >&2; exit 9"), api_key="s3cret-sauce")
    tap.sync(config, code=6)
    assert "s3cret" not in tap.result.stderr and "****" in tap.result.stderr
