"""The data path at its bounds: memory, back-pressure, order, and outputs made to hurt."""
import random
import sqlite3
import time

import pytest
from program import wait_until

KILOBYTES = 64 * 1024
PRINT = "/usr/bin/python3 -c '{}'"


def stream(command, **fields):
    """A stream of table t with key id."""
    return {"table": "t", "command": command, "primary_key": ["id"], **fields}


def program_text(text):
    """A remote command that runs a Python program; it must hold no single quotes."""
    assert "'" not in text
    return PRINT.format(text)


LAYOUTS = {
    "lines": program_text(
        'w = __import__("sys").stdout.write\n'
        'for i in range(1000000): w("{\\"id\\":%d,\\"name\\":\\"user %d\\",\\"amount\\":%d.25}\\n" '
        '% (i, i, i))'),
    "one document on one line": program_text(
        'w = __import__("sys").stdout.write\nw("{\\"data\\":[")\n'
        'for i in range(1000000): w("%s{\\"id\\":%d,\\"name\\":\\"user %d\\"}" '
        '% ("," if i else "", i, i))\nw("]}")'),
    "a thousand columns": program_text(
        'w = __import__("sys").stdout.write\n'
        'rest = ",".join("\\"column%d\\":%d" % (n, n) for n in range(1000))\n'
        'for i in range(5000): w("{\\"id\\":%d,%s}\\n" % (i, rest))'),
    "rows of eight kilobytes": program_text(
        'w = __import__("sys").stdout.write\n'
        'for i in range(20000): w("{\\"id\\":%d,\\"text\\":\\"%s\\"}\\n" % (i, "x" * 8192))'),
    "keys in random order": program_text(
        'import random, sys\nkeys = list(range(500000))\nrandom.Random(7).shuffle(keys)\n'
        'for i in keys: sys.stdout.write("{\\"id\\":%d,\\"name\\":\\"user %d\\",'
        '\\"mail\\":\\"user%d@example.com\\"}\\n" % (i, i, i))'),
    "nothing but keys, in no order":
        "awk 'BEGIN { for (i = 0; i < 2000000; i++) "
        "print \"{\\\"id\\\":\" i * 7919 % 2000003 \"}\" }'",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_is_bounded_in_every_layout(peak, configuration, warehouse, layout):
    config = configuration(stream(LAYOUTS[layout], deletes="hard"))
    for _ in range(2):
        code, stderr, kilobytes = peak(config)
        assert code == 0, stderr
        assert kilobytes <= KILOBYTES, f"{kilobytes} KiB"
    assert warehouse.count("t") >= 5000


def test_a_value_larger_than_a_row_may_be_is_refused_within_bounds(peak, configuration):
    output = program_text(
        'w = __import__("sys").stdout.write\nw("{\\"id\\":1,\\"text\\":\\"")\n'
        'for i in range(2048): w("x" * 1048576)\nw("\\"}")')
    code, stderr, kilobytes = peak(configuration(stream(output, max_row_bytes="8388608")))
    assert code == 7 and "max_row_bytes" in stderr, stderr
    assert kilobytes <= KILOBYTES, f"{kilobytes} KiB"


def test_a_row_of_a_million_columns_is_refused_and_nothing_kept(towline, configuration, warehouse):
    towline("sync", config=configuration(stream("echo {\\\"id\\\":1}"))).expect(0)
    before = warehouse.content()
    output = program_text(
        'print("{\\"id\\":2,%s}" % ",".join("\\"c%d\\":1" % n for n in range(1000000)))')
    result = towline("sync", config=configuration(stream(output)))
    assert result.code in (7, 8) and "column" in result.stderr, result
    assert warehouse.content() == before


def test_many_rows_with_one_key_are_one_row(towline, configuration, warehouse):
    output = program_text(
        'w = __import__("sys").stdout.write\n'
        'for i in range(300000): w("{\\"id\\":7,\\"n\\":%d}\\n" % i)')
    towline("sync", config=configuration(stream(output))).expect(0)
    assert warehouse.rows("t", "id", "n") == [(7, 299999)]


def test_a_type_that_changes_in_the_last_row_keeps_every_value(towline, configuration, warehouse):
    output = program_text(
        'w = __import__("sys").stdout.write\n'
        'for i in range(300000): w("{\\"id\\":%d,\\"v\\":%d}\\n" % (i, i * 30000000011))\n'
        'w("{\\"id\\":300000,\\"v\\":\\"none\\"}")')
    towline("sync", config=configuration(stream(output))).expect(0)
    wrong = warehouse.query("SELECT count(*) FROM t WHERE id < 300000 AND (typeof(v) <> 'text' "
                            "OR v <> CAST(id * 30000000011 AS TEXT))")
    assert wrong == [(0,)] and warehouse.query("SELECT v FROM t WHERE id = 300000") == [("none",)]


def test_a_source_that_fails_at_its_end_leaves_the_table_as_it_was(towline, configuration,
                                                                   warehouse):
    towline("sync", config=configuration(stream("echo {\\\"id\\\":1}"))).expect(0)
    before = warehouse.content()
    output = "seq 1 500000 | sed 's/.*/{\"id\":&}/'; exit 3"
    towline("sync", config=configuration(stream(output))).expect(6, "3")
    assert warehouse.content() == before


@pytest.mark.parametrize("row, option", [
    (r'{"id":1,"v":"a\377"}', "on_invalid_utf8"),
    (r'{"id":1,"v":{"a\377":1}}', "on_invalid_utf8"),
    (r'{"a\377":1,"data":[{"id":1}]}', "on_invalid_utf8"),
    ('{"id":1,"%s":1}' % ("n" * 1025), "max_name_bytes"),
    ('{"id":1,"v":%s%s}' % ("[" * 1000, "]" * 1000), "max_depth"),
])
def test_what_is_refused_names_the_option_that_lets_it_pass(towline, configuration, row, option):
    result = towline("sync", config=configuration(stream(f"printf '{row}'")))
    result.expect(7, "at byte", option)


def test_a_row_that_the_destination_refuses_is_named(towline, configuration, warehouse):
    towline("sync", config=configuration(stream("echo '{\"id\":1,\"v\":1}'"))).expect(0)
    warehouse.execute("CREATE UNIQUE INDEX only_once ON t (v)")
    before = warehouse.content()
    output = "seq 1 7 | sed 's/.*/{\"id\":&,\"v\":&}/'; echo '{\"id\":0,\"v\":5}'"
    towline("sync", config=configuration(stream(output))).expect(8, "row 5", "UNIQUE", "t.v")
    assert warehouse.content() == before


@pytest.mark.parametrize("key", [["id"], ["name"], ["name", "id"], []])
def test_random_order_gives_the_same_table_for_every_kind_of_key(towline, configuration, warehouse,
                                                                 tmp_path, key):
    rows = [f'{{"id":{n},"name":"a common start {n % 5000}","v":{n % 7}.5}}' for n in range(60000)]
    tables = []
    for seed in (1, 2):
        # Of rows with the same key the last one counts, so their order among themselves is kept.
        order = sorted(range(len(rows)), key=lambda n: (random.Random(seed * 99991 + n % 5000)
                                                        .random(), n))
        (tmp_path / "rows").write_text("\n".join(rows[n] for n in order))
        one = {"table": f"t{seed}", "command": f"cat {tmp_path}/rows", "primary_key": key}
        towline("sync", config=configuration(one)).expect(0)
        tables.append(sorted(warehouse.rows(f"t{seed}")))
    assert tables[0] == tables[1] and len(tables[0]) == (5000 if key == ["name"] else 60000)


def test_a_full_destination_makes_the_command_wait(towline, configuration, warehouse, tmp_path):
    counter = tmp_path / "printed"
    output = program_text(
        'import sys\nfor i in range(1000000):\n'
        '  sys.stdout.write("{\\"id\\":%d,\\"text\\":\\"some text for row %d\\"}\\n" % (i, i))\n'
        f'  if i % 1000 == 0: open("{counter}", "w").write(str(i))')
    towline("sync", config=configuration(stream("echo {\\\"id\\\":-1}"))).expect(0)
    other = sqlite3.connect(warehouse.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # the destination cannot take a row
    process = towline.start("sync", config=configuration(stream(output)))
    wait_until(lambda: counter.exists() and counter.read_text() not in ("", "0"))
    printed = [counter.read_text(), ""]
    while printed[-1] != printed[-2]:  # until it stands still
        time.sleep(1)
        printed.append(counter.read_text())
    assert int(printed[-1]) < 300000, printed
    other.execute("ROLLBACK")
    other.close()
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr.decode()
    assert warehouse.count("t") == 1000001
