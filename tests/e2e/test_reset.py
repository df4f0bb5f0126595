"""reset: what a configuration made goes, after a question; what others made stays."""
import pytest


def stream(table, command="echo '[{\"id\":1}]'", **fields):
    """A stream of one row."""
    return {"table": table, "command": command, "primary_key": "id", **fields}


@pytest.fixture
def filled(towline, configuration, warehouse):
    """A warehouse that two configurations share: the first with t and u, the second with v;
    gives the first."""
    first = configuration(stream("t", command="echo '[{\"id\":1}]'; : {{cursor}}", cursor="id"),
                          stream("u"))
    towline("sync", config=configuration(stream("v"))).expect(0)
    towline("sync", config=first).expect(0)
    assert warehouse.tables() == ["t", "u", "v"]
    return first


def test_it_asks_first(towline, warehouse, filled):
    before = warehouse.content()
    towline("reset", config=filled).expect(2, "--yes")
    towline("reset", "--non-interactive", config=filled).expect(0, "nothing was changed")
    assert warehouse.content() == before


def test_what_others_made_stays(towline, warehouse, filled):
    kept = warehouse.query("SELECT * FROM v")
    warehouse.execute("CREATE TABLE mine (x); CREATE VIEW ids AS SELECT id FROM t")
    towline("reset", "--yes", config=filled).expect(0, "t: removed", "u: removed")
    assert warehouse.tables() == ["mine", "v"] and warehouse.query("SELECT * FROM v") == kept
    for table in ("_towline_runs", "_towline_state"):
        assert warehouse.query(f"SELECT count(*) FROM {table} WHERE stream <> 'v'") == [(0,)]
    assert warehouse.query("SELECT DISTINCT table_name FROM _towline_columns") == [("v",)]
    towline("sync", config=filled).expect(0)
    assert warehouse.query("SELECT id FROM ids") == [(1,)]


def test_the_last_one_takes_the_file(towline, configuration, warehouse, filled, tmp_path):
    other = configuration(stream("v"))
    towline("reset", "--stream", "u", "--yes", config=filled).expect(0)
    assert warehouse.tables() == ["t", "v"]
    # The configuration dropped t, which is still there and can be named.
    towline("reset", "--stream", "t", "--stream", "v", "--yes", config=other).expect(0)
    assert not list(tmp_path.glob("warehouse.db*"))
    towline("reset", "--yes", config=other).expect(0, "nothing to remove")
    assert not list(tmp_path.glob("warehouse.db*"))
    towline("reset", "--stream", "t", "--yes", config=other).expect(2, "There are: v")


def test_each_hosts_runs_and_states_go(towline, configuration, warehouse, sshd):
    config = configuration(stream("t", command="echo '[{\"id\":1}]'; : {{cursor}}", cursor="id"),
                           stream("bad", command="false"), ssh_host=None, ssh_port=None,
                           ssh_hosts=[f"127.0.0.1:{sshd.port}"])
    towline("sync", config=config).expect(10)
    towline("sync", config=configuration(stream("t2"))).expect(0)
    towline("reset", "--yes", config=config).expect(0)
    assert warehouse.query("SELECT DISTINCT stream FROM _towline_runs") == [("t2",)]


def test_a_table_of_somebody_else_is_left_alone(towline, configuration, warehouse, filled):
    warehouse.execute("CREATE TABLE w (x); INSERT INTO w VALUES (1)")
    towline("reset", "--yes", config=configuration(stream("w"))).expect(0)
    assert warehouse.query("SELECT x FROM w") == [(1,)]


def test_a_database_of_another_program(towline, configuration, warehouse):
    warehouse.execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    towline("reset", "--yes", config=configuration(stream("t"))).expect(8, "another program")
    assert warehouse.query("SELECT x FROM t") == [(1,)]
