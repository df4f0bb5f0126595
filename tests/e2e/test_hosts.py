"""ssh_hosts: the same streams on many hosts, into the same tables. All hosts are loopback
addresses of one sshd; a command tells them apart by the address that it was reached at."""
import json
import signal
import time

import pytest
from program import wait_until
from sshd import Sshd
from warehouse import fingerprint

# Prints what the host has for the test: a file named after its address.
OWN = "set -- $SSH_CONNECTION; cat {}/$3"


def address(number):
    """The nth host."""
    return f"127.1.0.{number}"


@pytest.fixture(scope="module")
def fleet():
    """A server that answers on every loopback address."""
    with Sshd(config=["MaxStartups 1000"], host="0.0.0.0") as server:
        yield server


@pytest.fixture
def fleet_of(fleet, configuration, tmp_path):
    """fleet_of(stream, ..., hosts=3 or [...]) configures the first three, or those named."""

    def make(*streams, hosts=3, **changes):
        if isinstance(hosts, int):
            hosts = [address(n) for n in range(1, hosts + 1)]
        keys = {"ssh_host": None, "ssh_hosts": hosts, "ssh_port": str(fleet.port),
                "ssh_user": fleet.user, "ssh_private_key_path": str(fleet.key),
                "ssh_host_key_policy": "accept-new",
                "ssh_known_hosts_path": str(tmp_path / "known_hosts")}
        return configuration(*streams, **{**keys, **changes})

    return make


@pytest.fixture
def outputs(tmp_path):
    """outputs({1: rows, ...}) sets what each host prints; the stream is OWN of the folder."""
    folder = tmp_path / "outputs"
    folder.mkdir()

    def put(rows):
        for number, content in rows.items():
            (folder / address(number)).write_text(json.dumps(content))
        return OWN.format(folder)

    return put


def stream(command, key=("id",), **fields):
    """A stream that fills table t."""
    fields = {"table": "t", "command": command, **fields}
    return {**fields, "primary_key": list(key)} if key else fields


def rows_of(warehouse, *columns):
    """Host and columns of the rows that are not deleted."""
    return warehouse.rows("t", "_towline_host", *columns, order="1, 2")


def test_each_hosts_rows_in_one_table(towline, fleet_of, outputs, warehouse):
    command = outputs({1: [{"id": 1, "v": "a"}], 2: [{"id": 1, "v": "b"}, {"id": 2}], 3: []})
    first = towline("sync", config=fleet_of(stream(command))).expect(0)
    assert rows_of(warehouse, "id", "v") == [
        (address(1), 1, "a"), (address(2), 1, "b"), (address(2), 2, None)]
    assert warehouse.query("SELECT name, pk FROM pragma_table_info('t') WHERE pk ORDER BY pk") == [
        ("_towline_host", 1), ("id", 2)]
    assert "done on 3 of 3 hosts" in first.stdout
    before = warehouse.content()["t"]
    towline("sync", config=fleet_of(stream(command))).expect(0)
    assert warehouse.content()["t"] == before
    assert warehouse.query("SELECT stream, status, rows_read FROM _towline_runs WHERE run = 2") == [
        (f"t@{address(1)}", "done", 1), (f"t@{address(2)}", "done", 2),
        (f"t@{address(3)}", "done", 0)]


def test_without_a_key_the_host_tells_equal_rows_apart(towline, fleet_of, outputs, warehouse):
    command = outputs({1: [{"v": 1}, {"v": 1}], 2: [{"v": 1}]})
    for _ in range(2):
        towline("sync", config=fleet_of(stream(command, key=None), hosts=2)).expect(0)
    assert rows_of(warehouse, "v") == [(address(1), 1), (address(2), 1)]


def test_one_that_fails_leaves_the_others_committed(towline, fleet_of, outputs, warehouse,
                                                    tmp_path):
    command = outputs({1: [{"id": 1}], 3: [{"id": 3}]})
    summary = tmp_path / "summary.json"
    result = towline("sync", "--summary", summary, config=fleet_of(stream(command)))
    result.expect(10, "1 of 3 hosts failed: 127.1.0.2", f"t@{address(2)}", "SYNC FAILED")
    assert rows_of(warehouse, "id") == [(address(1), 1), (address(3), 3)]
    assert "FAILED on 1 of 3 hosts" in result.stdout
    told = json.loads(summary.read_text())
    assert told["exit_code"] == 10
    assert [(s["stream"], s["host"], s["status"]) for s in told["streams"]] == [
        ("t", address(1), "succeeded"), ("t", address(2), "failed"),
        ("t", address(3), "succeeded")]
    assert told["streams"][1]["error"]["exit_code"] == 6
    assert warehouse.query("SELECT stream FROM _towline_runs WHERE status = 'failed'") == [
        (f"t@{address(2)}",)]


def test_when_all_fail_the_first_says_how(towline, fleet_of):
    config = fleet_of(stream("true"), hosts=[f"{address(1)}:1", f"{address(2)}:1"])
    result = towline("sync", config=config).expect(
        3, "refused", f"all 2 hosts failed alike; the first says: stream t@{address(1)}:1: ")
    assert result.stderr.count(f"stream t@{address(2)}:1: ") == 1


def test_entries_of_every_form(towline, fleet, fleet_of, outputs, warehouse, tmp_path):
    command = outputs({n: [{"id": n}] for n in (1, 2, 3)})
    hosts = [address(1), f"{fleet.user}@{address(2)}:{fleet.port}",
             {"ssh_host": address(3), "ssh_port": fleet.port}]
    names = [address(1), f"{address(2)}:{fleet.port}", f"{address(3)}:{fleet.port}"]
    towline("sync", config=fleet_of(stream(command), hosts=hosts)).expect(0)
    assert rows_of(warehouse, "id") == list(zip(names, (1, 2, 3)))
    given = fleet_of(stream(command), hosts=json.dumps(hosts))
    towline("sync", config=given).expect(0)
    assert warehouse.count("t") == 3


@pytest.mark.parametrize("given", [
    lambda path: str(path), lambda path: path.name, lambda path: {"file": str(path)}])
def test_a_file_of_names(towline, fleet_of, outputs, warehouse, tmp_path, given):
    path = tmp_path / "hosts.txt"
    path.write_text(f"# the web servers\r\n{address(1)}\n\n  {address(2)}  # since May\n")
    command = outputs({1: [{"id": 1}], 2: [{"id": 2}]})
    towline("sync", config=fleet_of(stream(command), hosts=given(path))).expect(0)
    assert rows_of(warehouse, "id") == [(address(1), 1), (address(2), 2)]


@pytest.mark.parametrize("hosts, changes, texts", [
    (["a", "a"], {}, ["ssh_hosts", '"a" is named twice']),
    (["a", "u@a"], {}, ["named twice"]),
    (["a:b"], {}, ["ssh_hosts", "user@host:port"]),
    ("nowhere.txt", {}, ["ssh_hosts", "nowhere.txt", "no such file", '["nowhere.txt"]']),
    ("/dev/null", {}, ["ssh_hosts", "nothing in the file"]),
    ([], {}, ['"ssh_host" is missing', "ssh_hosts"]),
    (["a"], {"ssh_host": "b"}, ["ssh_host and ssh_hosts are both given"]),
    ([{"ssh_hots": "a"}], {}, ["ssh_hots", "ssh_host"]),
])
def test_wrong_lists(towline, fleet_of, hosts, changes, texts):
    config = fleet_of(stream("true"), hosts=hosts, **changes)
    towline("sync", config=config).expect(2, *texts)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1001", "3x", ""])
def test_wrong_concurrency(towline, fleet_of, number):
    towline("sync", f"--concurrency={number}", config=fleet_of(stream("true"))).expect(
        2, "--concurrency")


def test_state_is_each_hosts_own(towline, fleet_of, outputs, warehouse, tmp_path):
    incremental = stream(outputs({1: [{"id": 5}], 2: [{"id": 9}]}) + " && : {{cursor}}",
                         cursor="id")
    config = fleet_of(incremental, hosts=2)
    towline("sync", config=config).expect(0)
    shown = json.loads(towline("state", "show", config=config).expect(0).stdout)
    assert shown == {"t": {address(1): {"cursor": "5"}, address(2): {"cursor": "9"}}}
    changed = tmp_path / "state.json"
    changed.write_text(json.dumps({address(1): {"cursor": "2"}}))
    towline("state", "set", "--stream", "t", changed, config=config).expect(0)
    # The command reads its cursor as text: what each host is told stands in the debug log.
    result = towline("debug", config=config).expect(0)
    assert f"@{address(1)}" in result.stderr and ": '2'" in result.stderr
    assert ": ''" in result.stderr
    shown = json.loads(towline("state", "show", "--stream", "t", config=config).expect(0).stdout)
    assert shown == {address(1): {"cursor": "5"}, address(2): {"cursor": "9"}}
    towline("state", "reset", "--yes", config=config).expect(0)
    assert json.loads(towline("state", "show", config=config).expect(0).stdout) == {}


@pytest.mark.parametrize("deletes", ["hard", "soft"])
def test_only_the_hosts_own_rows_are_deleted(towline, fleet_of, outputs, warehouse, tmp_path,
                                                 deletes):
    both = [{"id": 1}, {"id": 2}]
    config = fleet_of(stream(outputs({1: both, 2: both, 3: both}), deletes=deletes))
    towline("sync", config=config).expect(0)
    outputs({1: [{"id": 2}]})
    (tmp_path / "outputs" / address(2)).unlink()
    result = towline("sync", config=config).expect(10)
    assert "1 deleted" in result.stdout
    assert rows_of(warehouse, "id") == [
        (address(1), 2), (address(2), 1), (address(2), 2), (address(3), 1), (address(3), 2)]


def test_dry_run_counts_and_leaves_no_trace(towline, fleet_of, outputs, warehouse, tmp_path):
    config = fleet_of(stream(outputs({1: [{"id": 1}], 2: [{"id": 1}]}), deletes="hard"), hosts=2)
    towline("sync", config=config).expect(0)
    outputs({1: [{"id": 2}]})
    before = fingerprint(tmp_path)
    dry = towline("sync", "--dry-run", config=config).expect(0)
    assert fingerprint(tmp_path) == before
    line = f"{address(1)}        done: 1 rows, 1 inserted, 0 updated, 0 unchanged, 1 deleted"
    assert line in dry.stdout
    assert line in towline("sync", config=config).expect(0).stdout


def test_discover_shows_a_table_once(towline, fleet_of, outputs):
    config = fleet_of(stream(outputs({1: [{"id": 1}], 2: [{"id": 1, "v": "x"}]})), hosts=2)
    table, = json.loads(towline("discover", "--json", config=config).expect(0).stdout)
    assert table["table"] == "t" and table["rows"] == 2
    assert [column["name"] for column in table["columns"]] == ["id", "v"]


def test_check_names_each_host(towline, fleet_of, outputs):
    command = outputs({1: [{"id": 1}]})
    config = fleet_of(stream(command), hosts=[address(1), f"{address(2)}:1"])
    result = towline("check", "--json", config=config).expect(3, "refused")
    steps = {step["step"]: step["status"] for step in json.loads(result.stdout)}
    assert steps[f"{address(1)}: authentication"] == "passed"
    assert steps[f"{address(1)}: stream t parses"] == "passed"
    assert steps[f"{address(2)}:1: TCP"] == "failed"
    assert steps[f"{address(2)}:1: streams"] == "skipped"
    assert steps["destination"] == "passed"


def test_a_slow_host_does_not_hold_the_others_up(towline, fleet_of, outputs, warehouse, tmp_path):
    """The first prints a row and then waits until the test has seen the rows of the others."""
    go = tmp_path / "go"
    outputs({2: [{"id": 2}], 3: [{"id": 3}]})
    command = (f"set -- $SSH_CONNECTION; case $3 in {address(1)}) echo '[{{\"id\":1}}';"
               f" while ! [ -e {go} ]; do sleep 0.05; done; echo ']' ;;"
               f" *) cat {tmp_path}/outputs/$3 ;; esac")
    process = towline.start("sync", config=fleet_of(stream(command)))
    try:
        wait_until(lambda: warehouse.count("t") == 2)
        assert rows_of(warehouse, "id") == [(address(2), 2), (address(3), 3)]
    finally:
        go.touch()
        process.communicate(timeout=60)
    assert process.returncode == 0 and warehouse.count("t") == 3


def test_those_that_wait_for_their_turn_are_not_idle(towline, fleet_of, warehouse):
    """The first fills its queue, so that it has the turn, and keeps it with blanks for longer than
    the others may be idle, whose queues are full by then."""
    rows = 40000
    output = f"seq 1 {rows} | sed 's/.*/{{\"id\":&,\"text\":\"{'x' * 100}\"}}/'"
    command = (f"set -- $SSH_CONNECTION; case $3 in {address(1)}) {output};"
               " for i in $(seq 14); do echo; sleep 0.5; done ;;"
               f" *) sleep 1; {output} ;; esac")
    config = fleet_of(stream(command), hosts=4, idle_timeout="5")
    result = towline("sync", config=config).expect(0)
    assert "done on 4 of 4 hosts" in result.stdout and result.seconds > 7
    assert warehouse.query("SELECT count(*), count(DISTINCT _towline_host), max(id) FROM t") == [
        (4 * rows, 4, rows)]


def test_memory_is_bounded_however_many_wait(peak, fleet_of, warehouse):
    command = f"seq 1 50000 | sed 's/.*/{{\"id\":&,\"text\":\"{'x' * 100}\"}}/'"
    code, stderr, kilobytes = peak(fleet_of(stream(command), hosts=16), "--concurrency", "16")
    assert code == 0, stderr
    assert warehouse.count("t") == 16 * 50000
    assert kilobytes < 128 * 1024


def test_fifty_hosts(towline, fleet_of, warehouse, tmp_path):
    config = fleet_of(stream("echo '[{\"id\":1}]'"), hosts=50)
    towline("sync", "--concurrency", "32", config=config).expect(0)
    assert len(rows_of(warehouse, "id")) == 50
    known = (tmp_path / "known_hosts").read_text().splitlines()
    assert len({line.split()[0] for line in known}) == len(known) == 50


def test_a_signal_stops_all(towline, fleet_of, warehouse):
    command = "echo '[{\"id\":1}'; exec sleep 60"
    process = towline.start("sync", config=fleet_of(stream(command)))
    for line in process.stderr:
        if line.decode().rstrip().endswith(f"t@{address(3)}: started"):
            break
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143 and warehouse.count("t") == 0
