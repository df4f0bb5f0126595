"""Airbyte's protocol, driven as the platform drives it: each message is held to its schema."""
import json
import os
import signal
import subprocess

import jsonschema
import pytest
from airbyte import Airbyte, bare, configured
from test_sync import HARD, echo, stream

USERS = [{"id": n, "name": f"user {n}", "at": f"2026-01-{n + 1:02}T00:00:00Z"} for n in range(9)]


@pytest.fixture
def airbyte(towline):
    """The platform in small."""
    return Airbyte(towline)


def users(**fields):
    """A stream with a cursor; what is not newer than {{cursor}} is not printed."""
    command = "c={{cursor}}; printf '%s\\n'"
    for row in USERS:
        command += " '" + json.dumps(row) + "'"
    command += " | awk -v c=\"$c\" -F '\"at\": \"' '{split($2, t, \"\\\"\")} t[1] >= c " \
               "{print; fflush(); system(\"sleep 0.05\")}'"
    return stream(command, "users", cursor="at", ordered="true", checkpoint_rows="4", **fields)


# -- spec ----------------------------------------------------------------------------------------

def test_spec_is_a_form_that_takes_what_the_program_takes(airbyte, configuration, sshd):
    spec = airbyte.spec()
    jsonschema.Draft7Validator.check_schema(spec)
    config = configuration(stream("echo '[]'"), ssh_port=sshd.port)
    config["retry_attempts"] = 0
    jsonschema.validate(config, spec)
    for method in (
            {"tunnel_method": "NO_TUNNEL"},
            {"tunnel_method": "SSH_KEY_AUTH", "tunnel_host": "h", "tunnel_port": 22,
             "tunnel_user": "u", "ssh_key": "k"},
            {"tunnel_method": "SSH_PASSWORD_AUTH", "tunnel_host": "h", "tunnel_user": "u",
             "tunnel_user_password": "p"}):
        jsonschema.validate({**config, "tunnel_method": method}, spec)
    for wrong in ({"ssh_port": "x"}, {"streams": None}, {"ssh_host_key_policy": "never"},
                  {"tunnel_method": {"tunnel_method": "SSH_KEY_AUTH", "tunnel_host": "h"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**config, **wrong}, spec)


def test_spec_follows_the_conventions_of_forms(airbyte):
    properties = airbyte.spec()["properties"]

    def check(properties):
        orders = [value["order"] for value in properties.values()]
        assert len(set(orders)) == len(orders)
        for value in properties.values():
            if "items" in value and "properties" in value["items"]:
                check(value["items"]["properties"])
            assert "const" in value or (value["title"] and value["description"])

    check(properties)
    assert "destination" not in properties
    for name in ("ssh_password", "ssh_private_key", "ssh_key_passphrase", "api_key"):
        assert properties[name]["airbyte_secret"] is True
    assert properties["ssh_private_key"]["multiline"] is True
    options = {option["properties"]["tunnel_method"]["const"]: option
               for option in properties["tunnel_method"]["oneOf"]}
    assert list(options) == ["NO_TUNNEL", "SSH_KEY_AUTH", "SSH_PASSWORD_AUTH"]
    assert [option["title"] for option in options.values()] == [
        "No tunnel", "SSH key auth", "SSH password auth"]
    for option in options.values():
        check(option["properties"])
        assert "tunnel_method" in option["required"] and option["title"]
    assert set(options["SSH_KEY_AUTH"]["required"]) == {
        "tunnel_method", "tunnel_host", "tunnel_user", "ssh_key"}
    assert set(options["SSH_PASSWORD_AUTH"]["required"]) == {
        "tunnel_method", "tunnel_host", "tunnel_user", "tunnel_user_password"}
    key = options["SSH_KEY_AUTH"]["properties"]
    assert key["ssh_key"]["airbyte_secret"] and key["ssh_key"]["multiline"]
    assert key["tunnel_port"]["default"] == 22 and key["tunnel_port"]["type"] == "integer"


def schemas_in(schema):
    """A form's schema and all within it."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("oneOf", ())):
        yield from schemas_in(inner)
    if "items" in schema:
        yield from schemas_in(schema["items"])


def test_spec_has_only_what_airbytes_forms_can_show(airbyte):
    spec = airbyte.spec()
    for schema in schemas_in(spec):
        assert isinstance(schema.get("type", ""), str), schema
        assert schema.get("additionalProperties", True) is True
        assert not {"not", "anyOf", "allOf", "if", "patternProperties", "$ref"} & set(schema)
        assert len(set(schema.get("enum", []))) == len(schema.get("enum", []))
        if "oneOf" in schema:
            assert schema["type"] == "object"
            consts = [[p["const"] for p in option["properties"].values() if "const" in p]
                      for option in schema["oneOf"]]
            assert all(len(const) == 1 for const in consts) and len(set(map(str, consts))) == 3
        elif schema.get("type") == "object":
            assert schema["properties"]
        for name, value in schema.get("properties", {}).items():
            if name in ("password", "token", "api_key", "ssh_key"):
                assert value["airbyte_secret"] is True
    hidden = {name for name, value in spec["properties"].items() if value.get("airbyte_hidden")}
    assert hidden == {"ssh_private_key_path", "ssh_certificate_path", "ssh_agent",
                      "ssh_known_hosts_path", "ssh_config", "local_port"}
    assert spec["properties"]["ssh_host_key_sha256"]["examples"] == ["SHA256:..."]


@pytest.mark.parametrize("fields", [
    {"primary_key": "id"}, {"primary_key": ["id"]}, {"primary_key": "a, b"},
    {"columns": {"id": "LONG"}}, {"columns": '{"id": "LONG"}'},
    {"expected_exit_codes": [0, 3]}, {"expected_exit_codes": "0,3"},
    {"command": None, "http": {"url": "http://127.0.0.1/", "body": {"a": 1}, "headers": '{"A": "b"}'}},
])
def test_spec_takes_lists_and_objects_as_text_too(airbyte, configuration, fields):
    config = configuration({key: value for key, value in
                            {**stream("echo '[]'", key=None), **fields}.items() if value}, ssh_port=22)
    jsonschema.validate({**config, "retry_attempts": 0}, airbyte.spec())


def defaults_of(schema):
    """What a form hands over where its user filled nothing in: the defaults, of nested objects,
    too."""
    filled = {}
    for name, value in schema["properties"].items():
        if "default" in value:
            filled[name] = value["default"]
        elif "properties" in value:
            filled[name] = defaults_of(value)
    return filled


def test_a_form_may_hand_over_all_its_defaults(airbyte, configuration, sshd):
    spec = airbyte.spec()
    row = {**defaults_of(spec["properties"]["streams"]["items"]), **stream(echo('[{"id":1}]'))}
    own = configuration(row, ssh_port=sshd.port)
    del own["retry_attempts"]
    tunnel = {key: value for key, value in own.items() if key not in (
        "ssh_host", "ssh_port", "ssh_user", "ssh_private_key_path")}
    tunnel["tunnel_method"] = {
        "tunnel_method": "SSH_KEY_AUTH", "tunnel_host": sshd.host, "tunnel_port": sshd.port,
        "tunnel_user": sshd.user, "ssh_key": sshd.key.read_text()}
    several = {key: value for key, value in own.items() if key != "ssh_host"}
    several["ssh_hosts"] = [{**defaults_of(spec["properties"]["ssh_hosts"]["items"]),
                             "ssh_host": sshd.host}]
    through = {**own, "ssh_jump": [{**defaults_of(spec["properties"]["ssh_jump"]["items"]),
                                    "ssh_host": f"{sshd.host}:{sshd.port}"}]}
    for config in (own, {**own, "tunnel_method": {"tunnel_method": "NO_TUNNEL"}}, tunnel,
                   several, through):
        status = airbyte.check({**defaults_of(spec), **config}).expect(0).one("CONNECTION_STATUS")
        assert status == {"status": "SUCCEEDED"}


# -- check ---------------------------------------------------------------------------------------

def test_check_tells_each_step_and_succeeds(airbyte, configuration):
    messages = airbyte.check(configuration(stream(echo('[{"id":1}]')))).expect(0)
    assert messages.one("CONNECTION_STATUS") == {"status": "SUCCEEDED"}
    steps = " ".join(line["message"] for line in messages.of("LOG"))
    for step in ("host key: passed", "authentication: passed", "stream t parses: passed"):
        assert step in steps


def test_check_needs_not_wait_for_a_long_output(airbyte, configuration):
    command = "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo \"{\\\"id\\\":$i}\"; done; sleep 600"
    messages = airbyte.check(configuration(stream(command))).expect(0)
    assert messages.one("CONNECTION_STATUS") == {"status": "SUCCEEDED"}


@pytest.mark.parametrize("changes, says", [
    ({"shs_host": "h"}, 'unknown key "shs_host"'),
    ({"ssh_port": "1"}, "port 1"),
    ({"ssh_private_key_path": "/nowhere"}, "/nowhere"),
    ({"ssh_host_key_sha256": "SHA256:" + 43 * "A"}, "fingerprint"),
])
def test_check_that_fails_says_why_and_exits_0(airbyte, configuration, changes, says):
    messages = airbyte.check(configuration(stream("echo '[]'"), **changes)).expect(0)
    status = messages.one("CONNECTION_STATUS")
    assert status["status"] == "FAILED" and says in status["message"]


def test_check_finds_a_command_that_fails(airbyte, configuration):
    status = airbyte.check(configuration(stream("echo '[]'; exit 3"))).expect(0).one(
        "CONNECTION_STATUS")
    assert status["status"] == "FAILED" and "3" in status["message"]


def test_tunnel_method_logs_in(airbyte, configuration, sshd):
    config = configuration(
        stream(echo('[{"id":1}]')), ssh_host=None, ssh_port=None, ssh_user=None,
        ssh_private_key_path=None,
        tunnel_method={"tunnel_method": "SSH_KEY_AUTH", "tunnel_host": sshd.host,
                       "tunnel_port": sshd.port, "tunnel_user": sshd.user,
                       "ssh_key": sshd.key.read_text()})
    assert airbyte.check(config).expect(0).one("CONNECTION_STATUS")["status"] == "SUCCEEDED"


# -- discover ------------------------------------------------------------------------------------

def test_discover_gives_types_modes_and_keys(airbyte, configuration):
    rows = [{"id": 1, "t": "x", "b": True, "n": 1.5, "d": "2026-01-02", "o": {"a": 1}, "l": [1],
             "naive": "2026-01-02 03:04:05", "utc": "2026-01-02T03:04:05Z", "big": 10 ** 25,
             "mixed": {"a": 1}},
            {"id": 2, "mixed": "text", "never": None}]
    found = airbyte.streams(configuration(
        stream(echo(json.dumps(rows)), "types"), users(),
        stream(echo('[{"a":1}]'), "keyless", key=None),
        stream("true", "empty", columns={"when": "UTC_DATETIME"})))
    assert found["types"]["json_schema"]["properties"] == {
        "id": {"type": "integer"},
        "t": {"type": ["null", "string"]},
        "b": {"type": ["null", "boolean"]},
        "n": {"type": ["null", "number"]},
        "d": {"type": ["null", "string"], "format": "date"},
        "o": {"type": ["null", "object"]},
        "l": {"type": ["null", "array"]},
        "naive": {"type": ["null", "string"], "format": "date-time",
                  "airbyte_type": "timestamp_without_timezone"},
        "utc": {"type": ["null", "string"], "format": "date-time",
                "airbyte_type": "timestamp_with_timezone"},
        "big": {"type": ["null", "number"]},
        "mixed": {"type": ["null", "object", "string"]},
    }
    assert found["types"]["supported_sync_modes"] == ["full_refresh"]
    assert found["types"]["source_defined_primary_key"] == [["id"]]
    assert found["users"]["supported_sync_modes"] == ["full_refresh", "incremental"]
    assert found["users"]["source_defined_cursor"] is True
    assert found["users"]["default_cursor_field"] == ["at"]
    assert found["users"]["is_resumable"] is False  # a full refresh ignores state
    assert found["keyless"]["source_defined_primary_key"] == [["_towline_id"]]
    assert set(found["empty"]["json_schema"]["properties"]) == {"id", "when"}
    for each in found.values():
        jsonschema.Draft7Validator.check_schema(each["json_schema"])


def test_a_stream_that_was_empty_when_discovered_keeps_its_types(airbyte, configuration):
    empty = configuration(stream("true", "users", cursor="at"))
    found = airbyte.streams(empty)["users"]
    properties = found["json_schema"]["properties"]
    assert set(properties) == {"id", "at"}  # the cursor that default_cursor_field names
    assert "null" in properties["at"]["type"] and "null" not in properties["id"]["type"]
    rows = [{"id": 1, "at": "2026-01-01T00:00:00Z", "more": True}]
    messages = airbyte.read(configuration(stream(echo(json.dumps(rows)), "users", cursor="at")),
                            configured(found)).expect(0)
    assert messages.rows("users") == [{"id": 1, "at": "2026-01-01T00:00:00Z"}]
    assert any('does not list "more"' in line["message"] for line in messages.of("LOG"))


def test_discover_that_cannot_look_prints_no_catalog(airbyte, configuration):
    messages = airbyte.discover(configuration(stream("exit 4"))).expect(6)
    assert not messages.of("CATALOG")
    assert messages.errors()[0]["failure_type"] == "config_error"


def test_discover_fails_as_the_first_stream_that_does(airbyte, configuration):
    messages = airbyte.discover(configuration(
        stream(echo('[{"id":1}]'), "good"), stream("exit 4", "bad"), stream("exit 5", "worse")))
    assert messages.expect(6).errors()[0]["message"].startswith("stream bad: ")


# -- read ----------------------------------------------------------------------------------------

def test_read_sends_every_value_as_it_is(airbyte, configuration):
    config = configuration(stream(echo(f"[{HARD}]")))
    discovered = airbyte.streams(config)["t"]
    messages = airbyte.read(config, configured(discovered)).expect(0)
    line = next(line for line in messages.result.stdout.splitlines() if '"RECORD"' in line)
    for text in ('"id":9007199254740993,', '"big":123456789012345678901234567890,',
                 '"dec":0.10000000000000000000001,', '"code":"007"', '"exp":1e400', '"neg":0,',
                 '"text":"a\\u0000b\U0001f600\\n\\"\'"', '"yes":true',
                 '"nested":{"b":[1,2.50,{"c":"\\u00e9"}],"a":null}'):
        assert text in line
    row = messages.rows("t")[0]
    jsonschema.validate({**row, "exp": 0}, discovered["json_schema"])
    assert messages.statuses("t") == ["STARTED", "RUNNING", "COMPLETE"]
    assert not messages.errors()


def test_read_goes_on_from_the_state(airbyte, configuration):
    config = configuration(users())
    catalog = configured(*airbyte.streams(config).values())
    first = airbyte.read(config, catalog).expect(0)
    assert first.rows("users") == USERS
    states = [state["stream"] for state in first.of("STATE")]
    assert len(states) >= 3
    for index, state in enumerate(states):
        again = airbyte.read(config, catalog, [{"type": "STREAM", "stream": state}]).expect(0)
        cursor = state["stream_state"]["state"]["cursor"]
        assert again.rows("users") == [row for row in USERS if row["at"] >= cursor], index


def test_full_refresh_ignores_the_state(airbyte, configuration):
    config = configuration(users())
    discovered = airbyte.streams(config)["users"]
    state = [airbyte.read(config, configured(discovered)).of("STATE")[-1]]
    again = airbyte.read(config, configured(discovered, mode="full_refresh"), state).expect(0)
    assert again.rows("users") == USERS
    estimate = [trace["estimate"] for trace in again.of("TRACE") if trace["type"] == "ESTIMATE"]
    assert [(each["name"], each["row_estimate"]) for each in estimate] == [("users", 9)]


def test_hosts_are_partitions_of_one_stream(airbyte, configuration, sshd):
    hosts = [f"{sshd.user}@{name}:{sshd.port}" for name in (sshd.host, "localhost")]
    config = configuration(users(), ssh_host=None, ssh_port=None, ssh_user=None, ssh_hosts=hosts,
                           ssh_host_key_policy="relaxed")
    catalog = configured(*airbyte.streams(config).values())
    messages = airbyte.read(config, catalog).expect(0)
    assert messages.statuses("users") == ["STARTED", "RUNNING", "COMPLETE"]
    for host in (f"{sshd.host}:{sshd.port}", f"localhost:{sshd.port}"):
        assert [{key: value for key, value in row.items() if key != "_towline_host"}
                for row in messages.rows("users") if row["_towline_host"] == host] == USERS
    full = configured(catalog["streams"][0]["stream"], mode="full_refresh")
    again = airbyte.read(config, full, messages.of("STATE")[-1:]).expect(0)
    assert not [each for each in again.of("TRACE") if each["type"] == "ESTIMATE"]
    config["ssh_hosts"][1] = f"{sshd.user}@localhost:1"
    failed = airbyte.read(config, catalog, messages.of("STATE")[-1:]).expect(10)
    assert failed.statuses("users") == ["STARTED", "RUNNING", "INCOMPLETE"]
    assert failed.errors()[0]["failure_type"] == "transient_error"
    assert set(failed.states("users")[-1][0]["state"]) == set(messages.states("users")[-1][0]["state"])


def test_a_stream_without_rows_has_a_state(airbyte, configuration):
    messages = airbyte.read(configuration(stream("true")), configured(bare("t"))).expect(0)
    assert messages.statuses("t") == ["STARTED", "COMPLETE"]
    assert len(messages.states("t")) == 1


def test_only_configured_columns_and_streams_are_sent(airbyte, configuration):
    config = configuration(stream(echo('[{"id":1,"a":2,"b":3}]')), stream("exit 1", "other"))
    wanted = {**bare("t"), "json_schema": {"properties": {"b": {"type": "integer"}}}}
    messages = airbyte.read(config, configured(wanted)).expect(0)
    assert messages.rows("t") == [{"id": 1, "b": 3}]  # the key is never left out
    assert {state["stream"]["stream_descriptor"]["name"] for state in messages.of("STATE")} == {"t"}


def test_what_the_source_no_longer_has_is_told_and_the_rest_is_read(airbyte, configuration):
    config = configuration(stream(echo('[{"id":1}]')))
    wanted = {**bare("t"), "json_schema": {"properties": {"id": {"type": "integer"},
                                                          "gone": {"type": "string"}}}}
    messages = airbyte.read(config, configured(wanted, bare("vanished"))).expect(0)
    assert messages.rows("t") == [{"id": 1}] and messages.statuses("t")[-1] == "COMPLETE"
    assert messages.statuses("vanished") == ["INCOMPLETE"]
    error = messages.errors()[0]
    assert error["failure_type"] == "config_error"
    assert error["stream_descriptor"] == {"name": "vanished"}
    assert any('"gone"' in line["message"] for line in messages.of("LOG"))
    only = airbyte.read(config, configured(bare("vanished")))
    assert only.code == 2 and only.statuses("vanished") == ["INCOMPLETE"]


def test_a_stream_that_fails_does_not_stop_the_others(airbyte, configuration):
    config = configuration(stream(echo('[{"id":1}]') + "; exit 5", "bad"),
                           stream(echo('[{"id":2}]'), "good"))
    messages = airbyte.read(config, configured(bare("bad"), bare("good"))).expect(10)
    assert messages.statuses("bad")[-1] == "INCOMPLETE"
    assert messages.statuses("good") == ["STARTED", "RUNNING", "COMPLETE"]
    assert len(messages.states("bad")) == 1 and messages.states("bad")[0][0]["state"] == {}
    error = messages.errors()[0]
    assert error["stream_descriptor"] == {"name": "bad"} and "5" in error["message"]
    assert error["failure_type"] == "config_error"


def test_a_connection_that_fails_is_a_fault_that_passes(airbyte, configuration):
    messages = airbyte.read(configuration(stream("true"), ssh_port="1"), configured(bare("t")))
    assert messages.code == 3
    assert messages.errors()[0]["failure_type"] == "transient_error"
    assert messages.statuses("t") == ["STARTED", "INCOMPLETE"]


@pytest.mark.parametrize("state", [
    "not json", "{\"a\": 1}", [{"type": "LEGACY", "data": {"x": 1}}],
    [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "users"},
                                   "stream_state": {"updated": "2026"}}}],
    [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "users"}, "stream_state": {
        "state": {"cursor": "x"}, "towline": {"version": 2}}}}],
])
def test_a_state_that_is_not_ours_is_refused(airbyte, configuration, state):
    messages = airbyte.read(configuration(users()), configured(bare("users")), state).expect(2)
    assert not messages.of("RECORD")
    assert messages.errors()[0]["failure_type"] == "config_error"
    assert "state" in messages.errors()[0]["message"]


@pytest.mark.parametrize("state", ["", "[]", "{}", [{"type": "STREAM", "stream": {
    "stream_descriptor": {"name": "users"}, "stream_state": {}}}]])
def test_no_state_in_any_form_is_none(airbyte, configuration, state):
    messages = airbyte.read(configuration(users()), configured(bare("users")), state).expect(0)
    assert len(messages.rows("users")) == 9


def test_states_of_every_kind_are_taken(airbyte, configuration):
    config = configuration(users())
    catalog = configured(*airbyte.streams(config).values())
    state = airbyte.read(config, catalog).of("STATE")[-1]
    later = [row for row in USERS if row["at"] >= state["stream"]["stream_state"]["state"]["cursor"]]
    whole = {"type": "GLOBAL", "global": {"shared_state": {}, "stream_states": [state["stream"]]}}
    for form in ([state], state, [whole], whole, [{"type": "STATE", "state": state}],
                 [{"stream": state["stream"]}]):
        assert airbyte.read(config, catalog, form).expect(0).rows("users") == later, form


@pytest.mark.parametrize("catalog", ["[]", "{}", "{\"streams\": [{\"sync_mode\": \"append\"}]}"])
def test_a_catalog_that_is_none_is_refused(airbyte, configuration, catalog):
    messages = airbyte.read(configuration(users()), catalog).expect(2)
    assert "catalog" in messages.errors()[0]["message"]


@pytest.mark.parametrize("words", [[], ["red"], ["read"], ["check", "--conf", "x"]])
def test_wrong_usage_is_a_message_too(airbyte, words):
    messages = airbyte.run(*words).expect(2)
    assert messages.errors()[0]["failure_type"] == "config_error"


def start(airbyte, config, catalog, **options):
    """A read under way."""
    words = airbyte.arguments(config, catalog)
    return airbyte.towline.start("airbyte", *words, **options)


def test_sigterm_leaves_a_state_that_is_not_ahead(airbyte, configuration):
    rows = "".join(json.dumps(row) + "\\n" for row in USERS[:6])
    config = configuration(stream(f"printf '{rows}'; sleep 60", "users", cursor="at",
                                  ordered="true", checkpoint_rows="1"), stream("true", "later"))
    process = start(airbyte, config, configured({**bare("users"), "supported_sync_modes": [
        "full_refresh", "incremental"]}, bare("later")))
    messages = []
    while not messages or messages[-1]["type"] != "STATE":
        messages.append(json.loads(process.stdout.readline()))
    os.killpg(process.pid, signal.SIGTERM)
    messages += map(json.loads, process.stdout)
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert [m["trace"]["stream_status"]["status"] for m in messages if m["type"] == "TRACE"
            and m["trace"]["type"] == "STREAM_STATUS"][-2:] == ["INCOMPLETE", "INCOMPLETE"]
    sent = [m["record"]["data"]["at"] for m in messages if m["type"] == "RECORD"]
    states = [m["state"]["stream"]["stream_state"]["state"] for m in messages
              if m["type"] == "STATE"
              and m["state"]["stream"]["stream_descriptor"]["name"] == "users"]
    assert states and states[-1].get("cursor", "") <= max(sent, default="")


def test_a_reader_that_hangs_up_ends_the_read(airbyte, configuration):
    command = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); echo \"{\\\"id\\\":$i}\"; done"
    process = start(airbyte, configuration(stream(command), stream("sleep 60", "later")),
                    configured(bare("t"), bare("later")))
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 8
    assert b"hung up" in process.stderr.read()


def test_a_reader_that_hangs_up_while_nothing_is_said_ends_the_read(airbyte, configuration):
    process = start(airbyte, configuration(stream("sleep 60")), configured(bare("t")))
    for line in process.stdout:
        if b'"STARTED"' in line:
            break
    process.stdout.close()
    assert process.wait(60) == 8
    assert b"hung up" in process.stderr.read()


def test_a_reader_that_has_all_it_wants_may_hang_up(airbyte):
    process = airbyte.towline.start("airbyte", "spec")
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 0 and process.stderr.read() == b""


def test_a_full_disk_is_named_on_standard_error(airbyte):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([airbyte.towline.program, "airbyte", "spec"], stdout=full,
                                stderr=subprocess.PIPE, check=False)
    assert result.returncode == 8 and b"No space left" in result.stderr


def test_a_silent_source_gives_signs_of_life(airbyte, configuration):
    messages = airbyte.read(configuration(stream("sleep 2; echo '[]'")), configured(bare("t")),
                            env={"TOWLINE_HEARTBEAT_SECONDS": "0.5"}).expect(0)
    assert sum("at work" in line["message"] for line in messages.of("LOG")) >= 2


def test_secrets_are_masked_in_everything_but_rows(airbyte, configuration):
    config = configuration(
        stream("echo {{config.api_key}} >&2; printf '[{\"id\":\"%s\"}]' {{config.api_key}}; exit 9"),
        api_key="s3cret-sauce", ssh_password="open sesame")
    messages = airbyte.read(config, configured(bare("t")), env={}).expect(6)
    shown = [line for line in messages.result.stdout.splitlines() if '"RECORD"' not in line]
    assert "s3cret" not in "\n".join(shown) and "****" in "\n".join(shown)
    assert "s3cret" not in messages.result.stderr


def test_the_name_of_the_program_decides(program, tmp_path):
    name = tmp_path / "source-ssh"
    name.symlink_to(program)
    done = subprocess.run([name, "spec"], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["type"] == "SPEC" and done.stderr == ""
