"""A first sync builds its database where nobody sees it: what others do to the name meanwhile."""
import signal
import sqlite3

import pytest
from program import wait_until

STREAM = {"table": "t", "primary_key": ["id"]}
ROWS = 1000


@pytest.fixture
def building(towline, configuration, warehouse, tmp_path):
    """building(): a first sync that has written rows and waits for go() before it ends."""
    gate = tmp_path / "gate"
    command = (f"seq {ROWS} | sed 's/.*/{{\"id\":&}}/'; "
               f"while [ ! -e {gate} ]; do sleep 0.05; done; echo '{{\"id\":0}}'")
    config = configuration({**STREAM, "command": command})
    process = towline.start("sync", config=config)
    file = warehouse.path.with_name(warehouse.path.name + "-building")
    wait_until(file.exists)

    class Building:
        path = file

        @staticmethod
        def start_another():
            return towline("sync", config=configuration({**STREAM, "command": "echo '{\"id\":1}'"}))

        @staticmethod
        def kill(number):
            process.send_signal(number)
            process.communicate(timeout=60)
            return process.returncode

        @staticmethod
        def go():
            gate.touch()
            _, stderr = process.communicate(timeout=60)
            return process.returncode, stderr.decode()

    yield Building
    if process.poll() is None:
        process.kill()
        process.communicate()


def files_of(warehouse):
    return sorted(path.name for path in warehouse.path.parent.glob(warehouse.path.name + "*"))


def test_nothing_is_seen_before_it_is_whole(building, warehouse):
    assert not warehouse.path.exists()
    assert building.go()[0] == 0
    assert warehouse.count("t") == ROWS + 1 and warehouse.is_sound()
    assert files_of(warehouse) == [warehouse.path.name]
    assert warehouse.query("PRAGMA journal_mode") == [("wal",)]


def test_a_second_sync_is_told_at_once(building, warehouse):
    building.start_another().expect(9)
    sqlite3.connect(warehouse.path).execute("SELECT 1 FROM sqlite_schema").close()
    warehouse.path.touch()
    building.start_another().expect(9)
    assert building.go()[0] == 0
    assert warehouse.count("t") == ROWS + 1


def test_an_empty_file_made_by_a_reader_is_filled(building, warehouse):
    reader = sqlite3.connect(warehouse.path)
    assert reader.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    code, stderr = building.go()
    assert code == 0, stderr
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (ROWS + 1,)
    reader.close()
    assert warehouse.is_sound() and files_of(warehouse) == [warehouse.path.name]


def test_another_programs_tables_are_left_alone(building, warehouse):
    other = sqlite3.connect(warehouse.path)
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    code, stderr = building.go()
    assert code == 8 and "it was left as it is" in stderr
    assert warehouse.query("SELECT name FROM sqlite_schema") == [("mine",)]
    assert files_of(warehouse) == [warehouse.path.name]


def test_another_warehouse_is_left_alone(building, towline, configuration, warehouse, tmp_path):
    other = tmp_path / "other.db"
    stream = {**STREAM, "table": "u", "command": "echo '{\"id\":1}'"}
    towline("sync", "--destination", f"sqlite:{other}", config=configuration(stream)).expect(0)
    other.rename(warehouse.path)
    code, stderr = building.go()
    assert code == 8 and "another program made it" in stderr
    assert warehouse.count("u") == 1
    building.start_another().expect(0)
    assert warehouse.count("t") == 1 and warehouse.count("u") == 1


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_what_was_cut_short_is_dropped(building, warehouse, number, code):
    assert building.kill(number) == code
    assert not warehouse.path.exists()
    if code == 143:
        assert files_of(warehouse) == []
    building.start_another().expect(0)
    assert warehouse.count("t") == 1 and files_of(warehouse) == [warehouse.path.name]
