"""The Fivetran front end, driven by grpcio as the platform drives it: every message is checked."""
import base64
import decimal
import json
import random
import time

import grpc

from fivetran import (USERS, Client, Platform, expect_status, flat, messages,  # noqa: F401
                      serve)


def sequence(count):
    """A command that prints that many rows as NDJSON."""
    return f"""seq {count} | awk '{{ printf "{{\\"id\\":%d}}\\n", $1 }}'"""


def form_fields(fields, conditional=False):
    """All fields, those shown under a condition with it."""
    for field in fields:
        if field.WhichOneof("type") == "conditional_fields":
            condition = field.conditional_fields.condition
            for inner, _ in form_fields(field.conditional_fields.fields, True):
                yield inner, (condition.condition_field, condition.string_value)
        else:
            yield field, None


# -- form and setup tests ---------------------------------------------------------------------


def test_form_is_made_of_the_options(serve):
    _, client = serve()
    form = client.form()
    fields = {field.name: (field, condition) for field, condition in form_fields(form.fields)}
    assert form.table_selection_supported and not form.schema_selection_supported
    assert all(field.label and field.WhichOneof("type") and field.HasField("required") and
               field.description[0].isupper() and field.description[-1] == "."
               for field, _ in fields.values())
    names = list(fields)
    assert names.index("streams") < names.index("idle_timeout") < names.index("retry_attempts")
    assert fields["ssh_host"][0].label == "Host"
    assert fields["ssh_port"][0].default_value == "22"
    shown = {}
    for field, condition in form_fields(form.fields):
        if condition:
            shown.setdefault(condition, []).append(field.name)
    key, password = ["ssh_private_key", "ssh_key_passphrase"], ["ssh_password"]
    assert shown == {("ssh_login", "key"): key, ("ssh_login", "password"): password,
                     ("ssh_login", "key-and-password"): key + password}
    login, _ = fields["ssh_login"]
    assert login.default_value == "key"
    assert list(login.dropdown_field.dropdown_field) == ["key", "password", "key-and-password"]
    assert {name for name, (field, _) in fields.items() if field.required} == {
        "ssh_host", "ssh_user", "ssh_private_key", "ssh_password"}
    assert "ssh_hosts" not in fields, "the platform cannot ask for one of two"
    key, _ = fields["ssh_private_key"]
    assert all(kind.startswith(".") and kind in key.description
               for kind in key.upload_field.allowed_file_type)
    assert key.upload_field.max_file_size_bytes > 10000
    password, _ = fields["ssh_password"]
    assert password.text_field == messages().Password
    assert fields["streams"][0].WhichOneof("type") == "text_field"
    assert fields["ssh_compression"][0].WhichOneof("type") == "toggle_field"
    assert "ssh_private_key_path" not in fields and "destination" not in fields
    assert [test.name for test in form.tests][:2] == ["configuration", "name lookup"]
    assert form.tests[-1].name == "streams" and all(test.label for test in form.tests)


def test_what_the_form_returns_is_taken(serve, configuration, sshd, playground):
    """Every field is filled in with its default or nothing, as forms hand over fields that
    nobody touched, also those that were hidden."""
    _, client = serve()
    form = client.form()
    filled = {field.name: field.default_value for field, _ in form_fields(form.fields)}
    filled |= {field.name: "" for field in form.fields
               if field.WhichOneof("type") == "conditional_fields"}
    filled |= {"ssh_host": sshd.host, "ssh_port": str(sshd.port), "ssh_user": sshd.user,
               "ssh_login": "key", "ssh_password": "left over from another choice",
               "ssh_private_key": base64.b64encode(sshd.key.read_bytes()).decode(),
               "ssh_host_key_sha256": sshd.fingerprint("ed25519"),
               "streams": json.dumps([USERS, {"table": "web", "primary_key": "id", "http": {
                   "url": f"{playground.url}/incremental/step"}}])}
    for test in form.tests:
        assert client.test(name=test.name, configuration=filled).success, test.name
    platform = Platform(client.schema(configuration=filled))
    platform.take_all(client.update(configuration=filled))
    assert sorted(platform.rows["users"]) == [(1,), (2,)] and platform.rows["web"]
    assert platform.task is None


def test_setup_tests_say_what_failed_and_what_to_do(serve, configuration):
    server, client = serve()
    stranger = flat(configuration(USERS, ssh_user="nobody-of-that-name"))
    for name in ("configuration", "name lookup", "TCP", "SSH handshake: banner",
                 "SSH handshake: key exchange", "host key"):
        assert client.test(name=name, configuration=stranger).success, name
    refused = client.test(name="authentication", configuration=stranger).failure
    assert "authorized_keys" in refused, refused
    refused = client.test(name="streams", configuration=stranger).failure
    assert "nobody-of-that-name" in refused
    down = flat(configuration(USERS, ssh_port="1"))
    assert client.test(name="name lookup", configuration=down).success
    assert "refused" in client.test(name="authentication", configuration=down).failure
    bad = client.test(name="TCP", configuration=down | {"ssh_prot": "22"})
    assert '"ssh_prot"; did you mean "ssh_port"' in bad.failure
    for streams in ("", '[{"table": "x"}]'):
        for name in ("configuration", "streams"):
            none = client.test(name=name, configuration=flat(configuration(USERS, streams=streams)))
            assert "is missing" in none.failure or "no command" in none.failure, none
    broken = flat(configuration({**USERS, "command": "echo '<html>'"}))
    assert "users" in client.test(name="streams", configuration=broken).failure
    expect_status(grpc.StatusCode.INVALID_ARGUMENT,
                  lambda: client.test(name="no such test", configuration=down))


def test_one_walk_answers_all_tests(serve, configuration, make_sshd):
    own = make_sshd()
    _, client = serve()
    config = flat(configuration(USERS, server=own))
    names = [test.name for test in client.form().tests][:-1]
    for name in names:
        assert client.test(name=name, configuration=config).success
    assert own.log().count("Accepted publickey") == 1
    assert client.test(name=names[-1], configuration=config).success  # asked again: tried again
    assert own.log().count("Accepted publickey") == 2


# -- schema and rows --------------------------------------------------------------------------

KINDS = {
    "id": 1, "text": "O'Brien \"x\" \\ ü \U0001f600", "nul": "a\u0000b", "empty": "", "yes": True,
    "long": -9223372036854775808, "decimal": 12345678901234567890.5, "double": 1.5e300,
    "tiny": 5e-324, "date": "2024-02-29", "local": "1969-12-31T23:59:59.25",
    "instant": "2024-01-01T00:00:00.123456+02:00", "fine": "2024-01-01T00:00:00.1234567891Z",
    "object": {"b": [1, {"a": None}]}, "array": [], "nothing": None}


def kinds_command(tmp_path):
    """Prints rows with every kind of value; numbers keep their digits."""
    path = tmp_path / "kinds.json"
    second = dict.fromkeys(KINDS) | {"id": 2, "text": "x"}
    text = json.dumps([KINDS, second]).replace("1.2345678901234567e+19", "12345678901234567890.50")
    path.write_text(text)
    return f"cat {path}"


def test_schema_has_tables_columns_types_and_keys(serve, configuration, tmp_path):
    _, client = serve()
    declared = {"table": "declared", "primary_key": "k",
                "columns": {"k": "STRING", "n": "SHORT", "b": "BINARY", "f": "FLOAT",
                            "d": "DECIMAL(9,3)"},
                "command": """echo '{"k":7,"n":"3","b":"AAH/","f":0.5,"d":1.50}'"""}
    nothing = {"table": "nothing", "primary_key": "k", "command": "true",
               "columns": {"k": "INT", "d": {"type": "DECIMAL", "precision": 12, "scale": 4}}}
    config = flat(configuration({"table": "kinds", "primary_key": "id",
                                 "command": kinds_command(tmp_path)},
                                declared, nothing, {"table": "keyless", "command": "echo '{}'"}))
    schema = client.schema(configuration=config)
    assert schema.HasField("selection_not_supported") and not schema.selection_not_supported
    platform = Platform(schema)
    assert list(platform.columns) == ["kinds", "declared", "nothing", "keyless"]
    assert platform.columns["kinds"] == {
        "id": ("LONG", True), "text": ("STRING", False), "nul": ("STRING", False),
        "empty": ("STRING", False), "yes": ("BOOLEAN", False), "long": ("LONG", False),
        "decimal": ("DECIMAL", False), "double": ("DOUBLE", False), "tiny": ("DOUBLE", False),
        "date": ("NAIVE_DATE", False), "local": ("NAIVE_DATETIME", False),
        "instant": ("UTC_DATETIME", False), "fine": ("STRING", False),
        "object": ("JSON", False), "array": ("JSON", False)}
    assert platform.columns["declared"] == {
        "k": ("STRING", True), "n": ("SHORT", False), "b": ("BINARY", False),
        "f": ("FLOAT", False), "d": ("DECIMAL", False)}
    assert platform.columns["nothing"] == {"k": ("INT", True), "d": ("DECIMAL", False)}
    assert platform.columns["keyless"] == {"_towline_id": ("STRING", True)}
    sizes = [(column.params.decimal.precision, column.params.decimal.scale)
             for table in schema.without_schema.tables for column in table.columns
             if platform.columns[table.name][column.name][0] == "DECIMAL"]
    assert sizes == [(22, 2), (9, 3), (12, 4)]
    platform.take_all(client.update(configuration=config))
    assert platform.counts["changes"] == 0
    row = platform.rows["kinds"][1,]
    for name in ("text", "nul", "empty", "yes", "long", "double", "tiny", "object", "array"):
        assert row[name] == KINDS[name], name
    assert str(row["decimal"]) == "12345678901234567890.50"
    assert row["fine"] == KINDS["fine"]
    assert str(row["instant"]) == "2023-12-31 22:00:00.123456"
    assert str(row["local"]) == "1969-12-31 23:59:59.250000" and str(row["date"]) == "2024-02-29"
    assert set(platform.rows["kinds"][2,].values()) == {2, "x", None}
    assert platform.rows["declared"] == {("7",): {"k": "7", "n": 3, "b": b"\x00\x01\xff", "f": .5,
                                                  "d": decimal.Decimal("1.50")}}


def test_rows_equal_those_of_sqlite(serve, configuration, towline, warehouse, tmp_path):
    choose = random.Random(7)
    makers = [lambda: choose.randrange(-2**63, 2**63), choose.random, lambda: choose.random() < .5,
              lambda: "".join(chr(choose.randrange(32, 0x2fff)) for _ in range(choose.randrange(9))),
              lambda: None, lambda: {"x": choose.randrange(9)}, lambda: "2024-05-06",
              lambda: f"20{choose.randrange(10, 99)}-01-02T03:04:05Z"]
    columns = {f"c{i}": choose.sample(makers, choose.randrange(1, 4)) for i in range(20)}
    rows = [{"id": i, **{name: choose.choice(kinds)() for name, kinds in columns.items()
                         if choose.random() < .8}} for i in range(3000)]
    path = tmp_path / "rows.json"
    path.write_text("\n".join(map(json.dumps, rows)))
    stream = {"table": "t", "primary_key": "id", "command": f"cat {path}"}
    config = configuration(stream, {**stream, "table": "again"})
    towline("sync", config=config).expect(0)
    _, client = serve()
    for with_schema in (False, True):
        platform = Platform(client.schema(configuration=flat(config)) if with_schema else None)
        platform.take_all(client.update(configuration=flat(config)))
        assert platform.counts["upserts"] == 2 * len(rows)
        names = warehouse.columns("t")
        assert set(names) == set(platform.columns["t"])
        for values in warehouse.rows("t") if with_schema else ():
            expected = dict(zip(names, values))
            received = platform.rows["t"][expected["id"],]
            for name, value in expected.items():
                assert same(value, received[name], platform.columns["t"][name][0]), \
                    (expected["id"], name, value, received[name])


def same(stored, received, kind):
    """Whether a value of SQLite's and one of the platform's are one."""
    if stored is None or received is None:
        return stored is received
    if kind == "BOOLEAN":
        return bool(stored) == received
    if kind == "JSON":
        return json.loads(stored) == received
    if kind == "DECIMAL":
        return decimal.Decimal(stored) == received
    if kind == "NAIVE_DATE":
        return stored == received.isoformat()
    if kind in ("UTC_DATETIME", "NAIVE_DATETIME"):
        return stored.rstrip("Z") == received.isoformat()
    return stored == received


def test_columns_that_appear_and_widen_are_told_before_their_rows(serve, configuration, tmp_path):
    path = tmp_path / "rows.json"
    rows = [{"id": i, "a": i} for i in range(12000)]
    rows += [{"id": 20000, "a": "text", "late": 1}]
    path.write_text("\n".join(map(json.dumps, rows)))
    config = flat(configuration({"table": "t", "primary_key": "id", "command": f"cat {path}"}))
    _, client = serve()
    platform = Platform(client.schema(configuration=config))
    assert platform.columns["t"]["a"] == ("LONG", False) and "late" not in platform.columns["t"]
    platform.take_all(client.update(configuration=config))
    assert platform.columns["t"] == {"id": ("LONG", True), "a": ("STRING", False),
                                     "late": ("LONG", False)}
    assert platform.rows["t"][20000,] == {"id": 20000, "a": "text", "late": 1}
    assert 1 <= platform.counts["changes"] <= 2


def test_batches_and_large_rows(serve, configuration, tmp_path):
    path = tmp_path / "rows.json"
    sizes = [10] * 250 + [400_000] * 5 + [3_000_000] + [10] * 5
    path.write_text("\n".join(json.dumps({"id": i, "text": "x" * size})
                              for i, size in enumerate(sizes)))
    config = flat(configuration({"table": "t", "primary_key": "id", "command": f"cat {path}"}))
    server, _ = serve()
    client = Client(server.port, options=[("grpc.max_receive_message_length", 4_000_000)])
    platform = Platform().take_all(client.update(configuration=config))
    client.close()
    assert [len(platform.rows["t"][i,]["text"]) for i in range(len(sizes))] == sizes
    assert platform.log.count("record") == 1 and 3_000_000 < platform.largest < 3_001_000


def test_selection_of_tables_and_columns(serve, configuration):
    pb = messages()
    _, client = serve()
    config = flat(configuration(USERS, {**USERS, "table": "others"}, {**USERS, "table": "new"}))

    def update(tables, new_tables=False):
        selection = pb.Selection(without_schema=pb.TablesWithNoSchema(
            tables=tables, include_new_tables=new_tables))
        return Platform().take_all(client.update(configuration=config, selection=selection))

    table = table_selection(pb)
    platform = update([table("users", {"id": False, "name": False}, True), table("others", {}, True,
                                                                              included=False)])
    assert set(platform.rows) == {"users"}
    assert platform.rows["users"][2,] == {"id": 2, "age": 7}  # a key cannot be left out
    platform = update([table("users", {"name": True}, False)], True)
    assert set(platform.rows) == {"users", "others", "new"}
    assert platform.rows["users"][2,] == {"id": 2, "name": "b"}
    assert platform.rows["new"][2,] == {"id": 2, "name": "b", "age": 7}
    platform = update([], False)
    assert not platform.rows and platform.log == ["checkpoint"]


def table_selection(pb):
    """table(name, columns, new columns) as a TableSelection."""
    def make(name, columns, new, included=True):
        return pb.TableSelection(included=included, table_name=name, columns=columns,
                                 include_new_columns=new)
    return make


def test_deletes_truncate_before_the_rows(serve, configuration):
    _, client = serve()
    config = flat(configuration({**USERS, "deletes": "soft"}))
    for schema in (False, True):
        schema = client.schema(configuration=config) if schema else None
        platform = Platform(schema)
        platform.rows["users"] = {(9,): {"id": 9}}
        platform.take_all(client.update(configuration=config))
        assert sorted(platform.rows["users"]) == [(1,), (2,)]
        assert platform.counts["truncates"] == 1
    gone = Platform(schema)
    gone.rows["users"] = {(9,): {"id": 9}}
    empty = flat(configuration({**USERS, "deletes": "soft", "command": "echo '[]'"}))
    assert not gone.take_all(client.update(configuration=empty)).rows["users"]
    kept = Platform(schema)
    kept.rows["users"] = {(9,): {"id": 9}}
    silent = flat(configuration({**USERS, "deletes": "soft", "command": "true"}))
    assert kept.take_all(client.update(configuration=silent)).rows["users"]


# -- state --------------------------------------------------------------------------------------


def test_state_is_that_of_the_command_line_and_resumes(serve, configuration, towline):
    _, client = serve()
    stream = {"table": "t", "primary_key": "id", "cursor": "id", "cursor_start": "0", "ordered": True,
              "command": """seq 5 | awk -v after={{cursor}} '$1 > after { print "{\\"id\\":" $1 "}" }'"""}
    config = configuration(stream)
    platform = Platform().take_all(client.update(configuration=flat(config), state_json="{}"))
    assert sorted(platform.rows["t"]) == [(i,) for i in range(1, 6)]
    towline("sync", config=config).expect(0)
    assert json.loads(towline("state", "show", config=config).expect(0).stdout) == \
        platform.states[-1]
    state = {"t": {"cursor": "3"}, "of another stream": {"kept": 1}}
    platform = Platform().take_all(client.update(configuration=flat(config),
                                                 state_json=json.dumps(state)))
    assert sorted(platform.rows["t"]) == [(4,), (5,)]
    assert platform.states[-1] == {"t": {"cursor": "5"}, "of another stream": {"kept": 1}}
    assert not platform.warnings
    strange = {"bookmarks": {"t": {"replication_key": "id", "replication_key_value": 3}}}
    platform = Platform().take_all(client.update(configuration=flat(config),
                                                 state_json=json.dumps(strange)))
    assert "bookmarks" in platform.warnings[0] and len(platform.rows["t"]) == 5
    for state in ("[]", "nonsense", '{"t": 5}', '{"version": 2, "t": {}}'):
        platform = Platform().take_all(client.update(configuration=flat(config), state_json=state))
        assert "re-sync" in platform.task and platform.log == ["task"], state


def test_checkpoints_keep_their_distance(serve, configuration):
    stream = {"table": "t", "primary_key": "id", "cursor": "id", "ordered": True,
              "checkpoint_rows": "10", "command": sequence(5000)}
    quiet = {"table": "quiet", "primary_key": "id", "command": "sleep 2; echo '{\"id\":1}'"}
    _, client = serve()  # a minute by default
    platform = Platform().take_all(client.update(configuration=flat(configuration(stream))))
    assert len(platform.states) == 1 and platform.log[-1] == "checkpoint"
    server, client = serve("--checkpoint-interval", "0.1")
    begun = time.monotonic()
    platform = Platform().take_all(client.update(configuration=flat(configuration(quiet))))
    # Every ten intervals without rows, and at the end.
    assert 2 <= len(platform.states) <= 2 + (time.monotonic() - begun) / 0.9
    server, client = serve("--checkpoint-interval", "0")  # at every commit, and then no more
    platform = Platform().take_all(client.update(configuration=flat(configuration(quiet))))
    assert 1 <= len(platform.states) <= 2
    each = {**stream, "command": sequence(6), "checkpoint_rows": "1"}
    seen = Platform()
    for response in client.update(configuration=flat(configuration(each))):
        seen.take(response)
        if response.WhichOneof("operation") == "checkpoint":
            cursor = int(seen.states[-1].get("t", {}).get("cursor", 0))
            assert cursor <= max([key for key, in seen.rows.get("t", {})], default=0)
    assert len(seen.states) >= 3 and seen.states[-1]["t"]["cursor"] == "6"


# -- failures -----------------------------------------------------------------------------------


def test_what_the_user_must_mend_is_a_task(serve, configuration):
    _, client = serve()
    good = {**USERS, "table": "good"}
    for stream, text in (({**USERS, "command": "exit 3"}, "status 3"),
                         ({**USERS, "command": "echo '<html>'"}, "JSON"),
                         ({**USERS, "command": "echo '{}'"}, "id")):
        platform = Platform().take_all(client.update(configuration=flat(configuration(good, stream))))
        assert text in platform.task and "users" in platform.task, platform.task
        assert platform.log[-2:] == ["checkpoint", "task"]
        assert set(platform.states[-1]) == {"good"} and len(platform.rows["good"]) == 2
    for change in ({"ssh_prot": "1"}, {"ssh_user": "nobody-of-that-name"}, {"streams": "[{}]"},
                   {"ssh_host_key_sha256": "SHA256:" + "A" * 43}):
        platform = Platform().take_all(client.update(configuration=flat(configuration(USERS)) | change))
        assert platform.log == ["task"] and len(platform.task) > 20, change
    down = flat(configuration(USERS, ssh_port="1"))
    expect_status(grpc.StatusCode.UNAVAILABLE, lambda: client.update(configuration=down), "refused")
    expect_status(grpc.StatusCode.UNAVAILABLE, lambda: client.schema(configuration=down), "refused")
    expect_status(grpc.StatusCode.INVALID_ARGUMENT,
                  lambda: client.schema(configuration=down | {"ssh_prot": "1"}), "did you mean")


def test_warnings_reach_the_user(serve, configuration, sshd, make_sshd):
    _, client = serve()
    twice = {**USERS, "command": """echo '{"id":1,"a":1,"a":2}'"""}
    platform = Platform().take_all(client.update(configuration=flat(configuration(twice))))
    assert "twice" in platform.warnings[0] and platform.rows["users"][1,]["a"] == 2
    hosts = [{"ssh_host": own.host, "ssh_port": str(own.port), "ssh_user": own.user,
              "ssh_private_key_path": str(own.key), "ssh_known_hosts_path": str(own.known_hosts)}
             for own in (sshd, make_sshd(), make_sshd())]
    fleet = flat(configuration(twice, ssh_hosts=hosts, ssh_host=None))
    warnings = Platform().take_all(client.update(configuration=fleet)).warnings
    assert sorted(warning.split(":")[1] for warning in warnings) == sorted(
        host["ssh_port"] for host in hosts)


def test_the_log_has_no_rows(serve, configuration):
    server, client = serve()
    for command in ("echo '{\"id\":1,\"name\":private}'", "echo 'a private matter'",
                    "echo private >&2; exit 3"):
        config = flat(configuration({**USERS, "command": command}))
        assert "private" in client.test(name="streams", configuration=config).failure
        assert "private" in Platform().take_all(client.update(configuration=config)).task
    _, log = server.stop()
    severe = [line["message"] for line in log if line["level"] == "SEVERE"]
    assert "stream users: output not as configured" in severe and "private" not in str(severe)


def test_secrets_reach_nobody(serve, configuration, sshd):
    server, client = serve()
    key = sshd.key.read_text()
    leak = {**USERS, "command": "echo {{config.api_key}} >&2; exit {{config.api_key}}"}
    config = flat(configuration(leak, api_key="hunter2-hunter2", ssh_private_key=key,
                                ssh_private_key_path=None))
    platform = Platform().take_all(client.update(configuration=config))
    assert platform.task and "hunter2" not in platform.task
    _, log = server.stop()
    assert "hunter2" not in json.dumps(log) and key.splitlines()[2] not in json.dumps(log)


def test_names_that_are_not_to_be_had_from_utf8(serve, configuration):
    server, client = serve()
    config = flat(configuration(USERS))
    pb = messages()
    request = pb.UpdateRequest(configuration=config).SerializeToString()
    broken = request.replace(b"users", b"us\xffrs")
    method = client.channel.unary_stream("/fivetran_sdk.v2.SourceConnector/Update",
                                         response_deserializer=pb.UpdateResponse.FromString)
    platform = Platform().take_all(method(broken, timeout=60))
    assert "UTF-8" in platform.task
