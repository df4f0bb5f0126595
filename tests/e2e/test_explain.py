"""`towline explain`: a shell runs what is printed, and gets the rows of the next sync."""
import json
import os
import sqlite3
import subprocess

import pytest


@pytest.fixture
def by_hand(towline, tmp_path):
    """by_hand(config, option, ..., SECRET="value") -> what the printed commands print, run by
    sh; the explanation itself is its attribute `explanation`."""
    def run(config, *options, **variables):
        text = towline("explain", *options, config=config).expect(0).stdout
        run.explanation = text
        shell = "\n".join(part for part in text.split("\n\n") if not part.startswith("-- "))
        done = subprocess.run(["sh", "-e"], input=shell, capture_output=True, text=True,
                              cwd=tmp_path, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "HOME": str(tmp_path),
                                   **variables})
        assert done.returncode == 0, f"{shell}\n{done.stderr}"
        return done.stdout

    return run


def statements(text):
    """The SQL of an explanation, statement by statement."""
    lines = text.split("\n-- ", 1)[1].splitlines()[1:]
    return [part.strip() for part in
            "\n".join(line for line in lines if not line.startswith("--")).split(";\n")]


def test_the_ssh_command_gives_the_rows(by_hand, towline, configuration, warehouse):
    config = configuration({"table": "a", "primary_key": "id", "cursor": "id",
                            "cursor_start": "it's $(x); `y` %d \u00e9 !z #*",
                            "command": "printf '{\"id\": \"%s\", \"n\": %d}\\n' {{cursor}} 1"})
    row = json.loads(by_hand(config))
    assert not warehouse.path.exists()
    towline("sync", config=config).expect(0)
    assert warehouse.rows("a") == [(row["id"], row["n"])]
    assert row["id"] == "it's $(x); `y` %d \u00e9 !z #*"


def test_the_saved_cursor_stdin_and_lines(by_hand, towline, configuration, warehouse):
    config = configuration({
        "table": "a", "primary_key": "id", "cursor": "id", "cursor_start": "5",
        "command": "while read -r n; do\n\tprintf '{\"id\": %s}\\n' $n\ndone",
        "stdin": "{{cursor}}\n6\n7\n"})
    assert [json.loads(line)["id"] for line in by_hand(config).splitlines()] == [5, 6, 7]
    towline("sync", config=config).expect(0)
    assert [json.loads(line)["id"] for line in by_hand(config).splitlines()] == [7, 6, 7]
    assert [row[0] for row in warehouse.rows("a")] == [5, 6, 7]


def test_secrets_are_variables(by_hand, towline, configuration):
    config = configuration({"table": "a", "command": "echo \"{\\\"id\\\": \\\"\"{{config.api_key}}\"\\\"}\"",
                            "primary_key": "id"}, api_key="very secret; indeed")
    assert json.loads(by_hand(config, API_KEY="another $one")) == {"id": "another $one"}
    assert "very secret" not in by_hand.explanation
    assert ': "${API_KEY:?}"' in by_hand.explanation
    with pytest.raises(AssertionError, match="API_KEY"):
        by_hand(config)


def test_through_jump_hosts(by_hand, configuration, sshd, make_sshd):
    middle = make_sshd()
    hop = {"ssh_host": middle.host, "ssh_port": middle.port, "ssh_user": middle.user,
           "ssh_private_key_path": str(middle.key), "ssh_known_hosts_path": str(middle.known_hosts)}
    own = {"ssh_host": sshd.host, "ssh_port": sshd.port, "ssh_user": sshd.user,
           "ssh_private_key_path": str(sshd.key), "ssh_known_hosts_path": str(sshd.known_hosts)}
    config = configuration({"table": "a", "command": "echo '{\"id\": 1}'", "primary_key": "id"},
                           ssh_jump=[hop, own])
    assert json.loads(by_hand(config)) == {"id": 1}
    assert by_hand.explanation.count("ProxyCommand") == 2


def test_a_command_is_no_option_of_ssh(by_hand, configuration):
    config = configuration({"table": "a", "command": "-V 2>&1 || echo ran", "primary_key": "id"})
    assert "ran" in by_hand(config)


def test_simple_jump_hosts_are_named_by_j(towline, configuration):
    config = configuration({"table": "a", "command": "true", "primary_key": "id"},
                           ssh_host="inner.example", ssh_jump="ops@bastion.example:2222,mid.example",
                           ssh_known_hosts_path=None, ssh_private_key_path=None, ssh_port="22",
                           ssh_user=None)
    text = towline("explain", config=config).expect(0).stdout
    assert "-J ops@bastion.example:2222,mid.example" in text


def test_the_sql_makes_the_table_and_fills_it(towline, configuration, warehouse):
    config = configuration({
        "table": "odd \"name\"", "primary_key": ["id", "part"], "cursor": "id",
        "command": "echo '[{\"id\": 1, \"part\": \"x\", \"v\": 1.5, \"never\": null}]'; : {{cursor}}"})
    first = towline("explain", config=config).expect(0).stdout
    assert "CREATE TABLE" not in first and "known once it was synced" in first
    towline("sync", config=config).expect(0)
    text = towline("explain", config=config).expect(0).stdout
    create, upsert, state = [part for part in statements(text) if part]
    with sqlite3.connect(":memory:") as database:
        database.execute(create)
        kept, = warehouse.query("SELECT sql FROM sqlite_schema WHERE name = 'odd \"name\"'")
        made, = database.execute("SELECT sql FROM sqlite_schema WHERE type = 'table'")
        assert made == kept
        for time, value in (("t1", 1.5), ("t2", 1.5), ("t3", 2.5)):
            database.execute(upsert, (time, 1, "x", value))
            database.execute("UPDATE \"odd \"\"name\"\"\" SET _towline_deleted = 0")
        assert database.execute("SELECT * FROM \"odd \"\"name\"\"\"").fetchall() == [
            (1, "x", 2.5, "t3", 0)]
        assert database.execute(upsert, ("t4", 1, "x", 2.5)).rowcount == 0
    with sqlite3.connect(warehouse.path) as database:
        database.execute(state.rstrip(";"), ("a", "{}", "now"))
        database.rollback()


def test_it_writes_nothing_and_connects_to_nothing(towline, configuration, warehouse, silent_port):
    config = configuration({"table": "a", "command": "true", "primary_key": "id"},
                           ssh_port=str(silent_port), ssh_known_hosts_path=["/nowhere/known hosts"])
    text = towline("explain", config=config).expect(0).stdout
    assert {path.name for path in warehouse.path.parent.iterdir()} == {
        "configuration.json", "home"}
    assert not warehouse.path.exists()
    assert "'UserKnownHostsFile=\"/nowhere/known hosts\"'" in text


def test_one_stream_each_host_and_what_is_not_there(towline, configuration):
    streams = [{"table": name, "command": f"echo {name}-of-it", "primary_key": "id"}
               for name in ("a", "b")]
    config = configuration(*streams, ssh_host=None, ssh_port=None, ssh_user=None,
                           ssh_hosts=["web1.example", "ubuntu@web2.example:2222"])
    text = towline("explain", "--stream", "b", config=config).expect(0).stdout
    assert "a-of-it" not in text and text.count("b-of-it") == 2
    assert "# b on web1.example\n" in text and "-p 2222 -l ubuntu web2.example" in text
    towline("explain", "--stream", "c", config=config).expect(2, "c")


def http(url, **fields):
    """The field of a stream that asks there."""
    return {"table": "a", "http": {"url": url, **fields}, "primary_key": "id"}


def rows_of(document):
    """The rows of a page: an array, or the array in it."""
    return document if isinstance(document, list) else \
        next(value for value in document.values() if isinstance(value, list))


def test_curl_gives_the_page(by_hand, configuration, playground):
    config = configuration(http(playground.url + "/pagination/next_page_url",
                                query={"order_by": "updatedAt", "updated_since": "1970-01-01T00:00:00Z"},
                                pagination={"type": "next_url", "next": "/next_page_url"}))
    page = json.loads(by_hand(config))
    assert rows_of(page)
    assert "page by page" in by_hand.explanation and "--unix-socket" in by_hand.explanation


@pytest.mark.parametrize("kind", ["basic", "bearer", "apiKey", "session"])
def test_curl_logs_in_without_showing_how(by_hand, configuration, playground, kind):
    kinds = {
        "basic": ({"username": playground.username, "password": playground.password},
                  "/auth/http_basic", {"PASSWORD": playground.password}),
        "bearer": ({"token": playground.bearer_token}, "/auth/http_bearer",
                   {"TOKEN": playground.bearer_token}),
        "apiKey": ({"api_key": playground.api_key}, "/auth/api_key",
                    {"API_KEY": playground.api_key}),
        "session": ({"username": playground.username, "password": playground.password,
                     "login_url": "/auth/session_token/login"},
                    "/auth/session_token/data", {"PASSWORD": playground.password}),
    }
    auth, path, variables = kinds[kind]
    config = configuration(http(playground.url + path, auth={"type": kind, **auth}))
    assert rows_of(json.loads(by_hand(config, **variables)))
    for value in variables.values():
        assert value not in by_hand.explanation


def test_a_list_and_what_is_asked_for_each_row(towline, configuration):
    config = configuration(http("http://127.0.0.1:1/orders/{{item.id}}",
                                connect_to="[::1]:8443", headers={"X-Key": "{{config.api_key}}"},
                                for_each={"url": "http://127.0.0.1:1/customers", "rows": "/data"}),
                           api_key="very secret")
    text = towline("explain", config=config).expect(0).stdout
    assert text.index("/customers") < text.index('/orders/"$ITEM_ID"')
    assert "./towline.sock:[::1]:8443" in text and '"$API_KEY"' in text
    assert "very secret" not in text and "${ITEM_ID:?}" not in text


def test_a_destination_that_is_not_ours(towline, configuration, warehouse):
    config = configuration({"table": "a", "command": "true", "primary_key": "id"})
    warehouse.path.write_text("no database")
    towline("explain", config=config).expect(8, "warehouse.db")
