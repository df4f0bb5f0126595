"""kill -9 at any moment: what stands is the old table or a checkpoint, and a clean run mends all."""
import json
import random
import time

import pytest

ROWS = 100_000
MOMENTS = 8
STREAM = {"table": "t", "primary_key": ["id"]}


def numbers(first):
    """A command that prints rows from `first` on, each with a value that follows from its id."""
    return f"seq {first} {ROWS} | sed 's/.*/{{\"id\":&,\"v\":\"row &\"}}/'"


@pytest.fixture
def killed(towline, configuration, warehouse):
    """killed(stream, check, begin): runs once to learn how long a sync takes, then kills it at moments
    spread over that time, with a check after each, and ends with a run that is let be."""

    def run(stream, check, begin=lambda: None):
        config = configuration(stream)
        took = towline("sync", config=config, timeout=300).expect(0).seconds
        warehouse.path.unlink()
        begin()
        chance = random.Random(17)
        half_way = 0
        for moment in range(MOMENTS):
            process = towline.start("sync", config=config)
            time.sleep(took * (moment + chance.random()) / MOMENTS)
            process.kill()
            process.communicate()
            half_way += warehouse.path.with_name(warehouse.path.name + "-building").exists()
            if warehouse.path.exists():
                assert warehouse.is_sound()
                half_way += check()
        towline("sync", config=config, timeout=300).expect(0)
        assert warehouse.count("t") == ROWS
        assert warehouse.query("SELECT count(*), count(DISTINCT id), sum(id) FROM t "
                               "WHERE v = 'row ' || id") == [(ROWS, ROWS, ROWS * (ROWS + 1) // 2)]
        return half_way

    return run


def test_a_first_sync_is_all_or_nothing(killed, warehouse):
    def check():
        assert warehouse.count("t") in (0, ROWS)
        return 1

    assert killed({**STREAM, "command": numbers(1)}, check) > 0


def test_a_stream_is_all_or_nothing(killed, towline, configuration, warehouse):
    other = {"table": "other", "primary_key": ["id"], "command": "echo '{\"id\":1}'"}

    def begin():
        towline("sync", config=configuration(other)).expect(0)

    def check():
        assert warehouse.count("t") in (0, ROWS) and warehouse.count("other") == 1
        return 1

    assert killed({**STREAM, "command": numbers(1)}, check, begin) > 0


def test_an_ordered_stream_resumes_from_its_checkpoint(killed, warehouse):
    def check():
        rows = warehouse.count("t")
        states = []
        if warehouse.query("SELECT 1 FROM sqlite_schema WHERE name = '_towline_state'"):
            states = [value for row in warehouse.query("SELECT * FROM _towline_state")
                      for value in row if isinstance(value, str) and value.startswith("{")]
        reached = max((int(json.loads(state).get("cursor", 0)) for state in states), default=0)
        # State is never ahead of the rows, and rows never ahead of their checkpoint.
        assert rows == reached
        return 0 < rows < ROWS

    stream = {**STREAM, "command": numbers("{{cursor}}"), "cursor": "id", "cursor_start": "1",
              "ordered": True, "checkpoint_rows": 2000}
    assert killed(stream, check) > 0
