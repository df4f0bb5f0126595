"""sync: what comes out of a command is what stands in the table, and the second run knows it."""
import json
import re

import pytest
from warehouse import fingerprint

# Every value here is one that a careless program changes.
HARD = r'''{"id":9007199254740993,"big":123456789012345678901234567890,"dec":0.10000000000000000000001,
"code":"007","exp":1e400,"float":0.1,"neg":-0,"text":"a\u0000b\ud83d\ude00\n\"'","yes":true,
"none":null,"nested":{"b":[1,2.50,{"c":"\u00e9"}],"a":null}}'''.replace("\n", "")


def stream(command, table="t", key=("id",), **fields):
    """A stream with what nearly all of these tests want."""
    fields = {"table": table, "command": command, **fields}
    return {**fields, "primary_key": list(key)} if key else fields


def echo(text):
    """A command that prints the text exactly, whatever it is."""
    return "printf '%s' '" + text.replace("'", "'\\''") + "'"


def figures(result):
    """The operations table of a run, as a dictionary."""
    return {name: int(count) for name, count in
            re.findall(r"^(\w+) +\| (\d+)$", result.stdout, re.MULTILINE)}


def test_first_and_second_run(towline, configuration, warehouse):
    rows = [{"id": n, "name": f"user {n}"} for n in range(44)]
    config = configuration(stream(echo(json.dumps(rows))))
    first = towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "id", "name") == [(n, f"user {n}") for n in range(44)]
    assert figures(first) == {"Upserts": 44, "Updates": 0, "Deletes": 0, "Truncates": 0,
                              "SchemaChanges": 1, "Checkpoints": 1}
    assert "SYNC FAILED" not in first.stdout + first.stderr
    before = warehouse.rows("t", "id", "name", "_towline_synced")
    second = towline("sync", config=config).expect(0)
    assert figures(second)["SchemaChanges"] == 0
    assert warehouse.rows("t", "id", "name", "_towline_synced") == before


def test_operations_table_is_the_known_one(towline, configuration):
    out = towline("sync", config=configuration(stream(echo('[{"id":1}]')))).expect(0).stdout
    assert "Operation     | Calls\n------------- + ------------\nUpserts       | 1\n" in out


@pytest.mark.parametrize("output, fields", [
    ('[{"id":1},{"id":2}]', {}),
    ('{"id":1}\n{"id":2}\n', {}),
    ('{"id":1}\r\n{"id":2}', {"format": "ndjson"}),
    ('{"id":1}{"id":2}', {}),
    ('\ufeff[{"id":1},{"id":2}]', {}),
    ('{"data":[{"id":1},{"id":2}],"total":2}', {}),
    ('{"data":[{"id":1}]}\n{"data":[{"id":2}]}\n', {}),
    ('{"a":[{"x":[{"id":1}]},{"x":[{"id":2}]}]}', {"rows": "/a/*/x"}),
    ('{"a/b":{"~":[{"id":1},{"id":2}]}}', {"rows": "/a~1b/~0"}),
    ('[\n  {\n    "id": 1\n  },\n  {\n    "id": 2\n  }\n]\n', {"format": "json"}),
])
def test_layouts(towline, configuration, warehouse, output, fields):
    towline("sync", config=configuration(stream(echo(output), **fields))).expect(0)
    assert warehouse.rows("t", "id") == [(1,), (2,)]


def test_an_object_is_one_row(towline, configuration, warehouse):
    towline("sync", config=configuration(stream(echo('{"id":1,"data":[{"x":1}]}')))).expect(0)
    assert warehouse.rows("t", "id", "data") == [(1, '[{"x":1}]')]


def test_values_are_exact(towline, configuration, warehouse):
    towline("sync", config=configuration(stream(echo(HARD)))).expect(0)
    row, = warehouse.rows("t", "id", "big", "dec", "code", "exp", "float", "text", "yes", "nested")
    ident, big, dec, code, exp, floating, text, yes, nested = row
    assert (ident, str(big), str(dec), code) == (
        9007199254740993, "123456789012345678901234567890", "0.10000000000000000000001", "007")
    assert str(exp).lower() == "1e400" and floating == 0.1 and yes == 1
    assert text == "a\0b\U0001f600\n\"'"
    assert nested == '{"b":[1,2.50,{"c":"\\u00e9"}],"a":null}' or \
        nested == '{"b":[1,2.50,{"c":"é"}],"a":null}'


def test_upsert_replaces_the_whole_row(towline, configuration, warehouse):
    towline("sync", config=configuration(stream(echo('[{"id":1,"a":1,"b":2},{"id":2,"a":3}]'))))
    towline("sync", config=configuration(stream(echo('[{"id":1,"b":5}]')))).expect(0)
    assert warehouse.rows("t", "id", "a", "b") == [(1, None, 5), (2, 3, None)]


def test_same_key_twice_the_last_wins(towline, configuration, warehouse):
    output = '[{"id":1,"v":"a"},{"id":2,"v":"b"},{"id":1,"v":"c"}]'
    towline("sync", config=configuration(stream(echo(output)))).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, "c"), (2, "b")]


def test_same_name_twice_in_an_object_the_last_wins_with_a_warning(towline, configuration,
                                                                  warehouse):
    result = towline("sync", config=configuration(stream(echo('{"id":1,"v":"a","v":"b"}'))))
    assert "v" in result.expect(0, "warn").stderr
    assert warehouse.rows("t", "v") == [("b",)]


def test_types_widen_in_place(towline, configuration, warehouse):
    for number, value in enumerate(("1", "2.5", '"x"', '{"y":1}')):
        output = f'[{{"id":{number},"v":{value}}}]'
        towline("sync", config=configuration(stream(echo(output)))).expect(0)
    values = [value for (value,) in warehouse.rows("t", "v", order="id")]
    # A number among strings is its text, and among JSON that text is a string.
    assert values == ['"1"', '"2.5"', '"x"', '{"y":1}']


@pytest.mark.parametrize("names", [("ID", "id"), ("select", "from"), ("é", "É"), ('a"b', "a'b"),
                                   ("", "x"), ("_towline_synced", "rowid")])
def test_foreign_names_lose_nothing(towline, configuration, warehouse, names):
    row = {"key": 1, names[0]: "first", names[1]: "second"}
    towline("sync", config=configuration(stream(echo(json.dumps(row)), key=("key",)))).expect(0)
    values = warehouse.query("SELECT * FROM t")[0]
    assert "first" in values and "second" in values


def test_composite_key_and_pointer_key(towline, configuration, warehouse):
    output = '[{"a":1,"b":"x","v":1},{"a":1,"b":"y","v":2},{"a":1,"b":"x","v":3}]'
    towline("sync", config=configuration(stream(echo(output), key=("a", "b")))).expect(0)
    assert warehouse.rows("t", "a", "b", "v", order="b") == [(1, "x", 3), (1, "y", 2)]


def test_a_table_keeps_the_key_it_was_made_with(towline, configuration, warehouse):
    row = echo('[{"a":1,"b":2,"c":3}]')
    towline("sync", config=configuration(stream(row, key=["a", "b"]))).expect(0)
    for key in (["a", "c"], ["a"], ["a", "b", "c"], []):
        result = towline("sync", config=configuration(stream(row, key=key))).expect(2)
        assert "table t was made with a" in result.stderr, result.stderr
    other = echo('[{"a":1,"b":2,"c":4}]')
    towline("sync", config=configuration(stream(other, key=["b", "a"]))).expect(0)
    assert warehouse.rows("t", "a", "b", "c") == [(1, 2, 4)]


def test_no_key_is_a_hash_of_the_content(towline, configuration, warehouse):
    config = configuration(stream(echo('[{"v":1},{"v":2},{"v":1}]'), key=None))
    for _ in range(2):
        towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "v") == [(1,), (2,)]
    assert len(set(warehouse.query("SELECT _towline_id FROM t"))) == 2


def test_cursor_is_kept_quoted_and_sent(towline, configuration, warehouse):
    config = configuration(stream("printf '[{\"id\":1,\"at\":\"%s\"}]' {{cursor}}", cursor="at",
                                  cursor_start="$(id) `id` ; | & * 'x"))
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "at") == [("$(id) `id` ; | & * 'x",)]
    config = configuration(stream("printf '[{\"id\":2,\"at\":\"%s!\"}]' {{cursor}}", cursor="at",
                                  cursor_start="0"))
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "at")[1] == ("$(id) `id` ; | & * 'x!",)


def test_stdin_takes_placeholders_raw(towline, configuration, warehouse):
    config = configuration(stream("cat", stdin='[{"id":1,"at":"{{cursor}}"}]', cursor="at",
                                  cursor_start="it's"))
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "at") == [("it's",)]


def test_secret_reaches_the_command_and_nothing_else(towline, configuration, warehouse):
    secret = "s3cr3t-canary value'"
    config = configuration(stream("printf '[{\"id\":1,\"n\":%s}]' $(printf %s {{config.api_key}} | wc -c)"),
                           api_key=secret)
    result = towline("sync", "--log-level", "debug", config=config).expect(0)
    assert warehouse.rows("t", "n") == [(len(secret),)]
    assert "s3cr3t-canary" not in result.stdout + result.stderr
    assert b"s3cr3t-canary" not in warehouse.path.read_bytes()


def test_stderr_is_logged_harmless_and_does_not_fail(towline, configuration, warehouse):
    command = "printf 'red \\033[31malert\\007\\n' >&2; echo '[{\"id\":1}]'"
    result = towline("sync", config=configuration(stream(command))).expect(0, "alert")
    assert "\x1b" not in result.stderr and "\x07" not in result.stderr
    assert warehouse.count("t") == 1


def test_flood_of_stderr_before_stdout(towline, configuration, warehouse):
    command = "head -c 6000000 /dev/zero | tr '\\0' x >&2; echo '[{\"id\":1}]'"
    towline("sync", config=configuration(stream(command))).expect(0)
    assert warehouse.count("t") == 1


def test_command_that_reads_stdin_ends(towline, configuration):
    towline("sync", config=configuration(stream("cat >/dev/null; echo '[{\"id\":1}]'"))).expect(0)


def test_several_streams_share_a_run(towline, configuration, warehouse):
    streams = [stream(echo(f'[{{"id":{n}}}]'), table=f"t{n}") for n in range(12)]
    result = towline("sync", config=configuration(*streams)).expect(0)
    assert figures(result)["Upserts"] == 12
    assert warehouse.tables() == sorted(f"t{n}" for n in range(12))


def test_one_of_two_streams_fails(towline, configuration, warehouse):
    config = configuration(stream("exit 3", table="bad"), stream(echo('[{"id":1}]'), table="good"))
    result = towline("sync", config=config).expect(10, "bad")
    assert warehouse.tables() == ["good"] and "SYNC FAILED" in result.stdout + result.stderr


def test_only_the_streams_asked_for(towline, configuration, warehouse):
    config = configuration(stream("exit 3", table="bad"), stream(echo('[{"id":1}]'), table="good"))
    towline("sync", "--stream", "good", config=config).expect(0)
    towline("sync", "--stream", "goood", config=config).expect(2, "good")


def test_dry_run_counts_and_leaves_nothing(towline, configuration, warehouse, tmp_path):
    config = configuration(stream(echo('[{"id":1,"v":1},{"id":2,"v":2}]')))
    towline.write_config(config)
    before = fingerprint(tmp_path)
    out = towline("sync", "--dry-run").expect(0).stdout
    assert fingerprint(tmp_path) == before and "t" in out
    towline("sync").expect(0)
    towline.write_config(configuration(stream(echo('[{"id":1,"v":1},{"id":2,"v":3},{"id":3}]'))))
    before = fingerprint(tmp_path)
    towline("sync", "--dry-run").expect(0)
    assert fingerprint(tmp_path) == before
    assert warehouse.rows("t", "id", "v") == [(1, 1), (2, 2)]


def test_empty_output(towline, configuration, warehouse):
    towline("sync", config=configuration(stream(echo('[{"id":1}]')))).expect(0)
    for command in ("true", "echo", "echo '[]'", "echo '{\"data\":[]}'"):
        towline("sync", config=configuration(stream(command))).expect(0)
        assert warehouse.rows("t", "id") == [(1,)]
    towline("sync", config=configuration(stream("true", empty="fail"))).expect(7)


def test_flat_configuration_of_strings(towline, configuration, warehouse):
    config = configuration(streams=json.dumps([stream(echo('[{"id":1}]'))]))
    towline("sync", config=config).expect(0)
    flat = configuration(streams=None, table="u", command=echo('[{"id":1}]'), primary_key="id")
    towline("sync", config=flat).expect(0)
    assert warehouse.tables() == ["t", "u"]


def test_values_from_environment_and_file(towline, configuration, warehouse, sshd):
    config = configuration(stream(echo('[{"id":1}]')), ssh_user={"env": "WHO"},
                           ssh_private_key={"file": str(sshd.key)}, ssh_private_key_path=None)
    towline("sync", config=config, env={"WHO": sshd.user}).expect(0)
    assert warehouse.count("t") == 1


def test_playground_over_ssh(towline, configuration, warehouse, playground):
    config = configuration(
        stream(f"curl -s -H \"Authorization: apiKey \"{{{{config.api_key}}}} "
               f"{playground.url}/auth/api_key", table="user"),
        stream(f"curl -s {playground.url}/cursors/companies", table="companies",
               key=("company_id",)),
        stream(f"curl -sG --data-urlencode since={{{{cursor}}}} "
               f"{playground.url}/incremental/timestamp", table="users_updated",
               cursor="updatedAt", cursor_start="2000-01-01T00:00:00Z"),
        api_key=playground.api_key)
    towline("sync", config=config).expect(0)
    assert [warehouse.count(t) for t in ("user", "companies", "users_updated")] == [20, 20, 200]
    expected = {user["id"]: user for user in playground.json("/incremental/step")["data"]}
    names = sorted(next(iter(expected.values())))
    for row in warehouse.rows("users_updated", *names):
        assert dict(zip(names, row)) == expected[row[names.index("id")]]
    result = towline("sync", "--stream", "users_updated", config=config).expect(0)
    assert figures(result)["Upserts"] < 10


def test_html_instead_of_json_is_refused(towline, configuration, warehouse, playground):
    command = f"curl -s {playground.url}/auth/api_key"
    towline("sync", config=configuration(stream(command, table="user"))).expect(7, "user")
    assert warehouse.tables() == []


def test_an_empty_document_deletes_but_no_output_does_not(towline, configuration, warehouse):
    def sync(output):
        one = {**stream(output), "deletes": "hard"}
        return towline("sync", config=configuration(one)).expect(0)

    sync(echo('[{"id":1},{"id":2}]'))
    sync("true")
    assert warehouse.rows("t", "id") == [(1,), (2,)]
    sync(echo('{"data":[]}'))
    assert warehouse.rows("t", "id") == []
    empty = {**stream("true"), "empty": "fail"}
    towline("sync", config=configuration(empty)).expect(7, "empty")


def test_an_overlap_that_does_not_fit_is_refused_at_once(towline, configuration):
    for overlap, code in (("abc", 2), ("-5", 2), ("60s", 2), ("60", 0)):
        one = {**stream(echo('[{"id":1,"at":1700000000}]')), "cursor": "at",
               "cursor_overlap": overlap}
        towline("sync", config=configuration(one)).expect(code)


@pytest.mark.parametrize("cursor, told", [("at", 0), ("attt", 1), ("none", 1)])
def test_a_cursor_that_no_row_has_is_told(towline, configuration, cursor, told):
    one = {**stream(echo('[{"id":1,"at":5,"none":null}]')), "cursor": cursor}
    result = towline("sync", config=configuration(one)).expect(0)
    assert result.stderr.count(f'no row has a value in the cursor\'s column "{cursor}"') == told


def test_an_ordered_stream_may_step_back(towline, configuration, warehouse):
    one = {**stream("printf '[{\"id\":1,\"at\":5},{\"id\":2,\"at\":7}]'; : {{cursor}}"),
           "cursor": "at", "cursor_overlap": "3", "ordered": "true", "checkpoint_rows": "1"}
    towline("sync", config=configuration(one)).expect(0)
    towline("sync", config=configuration(one)).expect(0)
    assert warehouse.rows("t", "id") == [(1,), (2,)]


@pytest.mark.parametrize("instead", [" ", ""])
def test_a_key_that_lost_its_line_ends(towline, configuration, warehouse, sshd, instead):
    key = sshd.key.read_text().strip().replace("\n", instead)
    config = configuration(stream(echo('[{"id":1}]')), ssh_private_key=key,
                           ssh_private_key_path=None)
    towline("sync", config=config).expect(0)
    assert warehouse.count("t") == 1
