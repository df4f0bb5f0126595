"""Declared columns: what they make of values, and what becomes of them when the declaration changes."""
import json

import pytest

NUMBERS = ["1.50", "-0.0", "1E5", "0.30", "7", "1e400", "12345678901234567890.10"]


@pytest.fixture
def sync(towline, configuration):
    """sync(columns, row, ...) prints the rows, each a JSON text, and declares the columns."""

    def run(columns, *rows):
        output = "\\n".join(rows).replace("'", "")
        return towline("sync", config=configuration(
            {"table": "t", "command": f"printf '{output}\\n'", "primary_key": ["id"],
             "columns": columns}))

    return run


@pytest.mark.parametrize("declared", ["DECIMAL", "STRING", "JSON"])
def test_numbers_in_a_column_declared_as_text_stay_as_written(sync, warehouse, declared):
    rows = [f'{{"id":{n},"v":{number}}}' for n, number in enumerate(NUMBERS)]
    sync({"v": declared}, *rows).expect(0)
    assert warehouse.rows("t", "id", "v") == list(enumerate(NUMBERS))
    assert "Unchanged        7" in sync({"v": declared}, *rows).expect(0).stdout


@pytest.mark.parametrize("declared", [
    "DECIMAL(5,2)", "decimal(5, 2)", {"type": "DECIMAL", "precision": 5, "scale": 2},
    {"type": "decimal", "precision": "5", "scale": "2"}])
def test_decimals_fit_their_precision_and_scale_as_they_are(sync, warehouse, declared):
    fitting = ["1.5", "-999.99", "7", "0.05", "1.500", "1e2", "null", "0"]
    rows = [f'{{"id":{n},"v":{number}}}' for n, number in enumerate(fitting)]
    sync({"v": declared}, *rows, '{"id":8,"v":"12.30"}').expect(0)
    assert [v for _, v in warehouse.rows("t", "id", "v")] == [
        *(None if v == "null" else v for v in fitting), "12.30"]
    before = warehouse.content()
    for number, remedy in [("1.234", "DECIMAL(6,3)"), ("1000", "DECIMAL(6,2)"),
                           ('"99999.9"', "DECIMAL(7,2)"), ("1e-3", "DECIMAL(6,3)"),
                           ("1e400", "DECIMAL(403,2)"), ("1e4000", "as DECIMAL in"),
                           ("true", "as STRING")]:
        sync({"v": declared}, '{"id":9,"v":2.5}', f'{{"id":1,"v":{number}}}').expect(
            7, "row 2", "\"v\"", number.strip('"'), remedy)
    assert warehouse.content() == before


@pytest.mark.parametrize("declared", [
    "DECIMAL(2,3)", "DECIMAL(0,0)", "LONG(5,2)", {"type": "STRING", "precision": 5},
    {"type": "DECIMAL", "precision": 2, "scale": 3}])
def test_what_is_no_precision_is_refused(sync, declared):
    sync({"v": declared}, '{"id":1,"v":1}').expect(2, "is no type, for column \"v\"", "DECIMAL(10,2)")


def test_a_wider_declaration_widens_the_table_in_place(sync, warehouse):
    sync({"v": "SHORT"}, '{"id":1,"v":"7"}').expect(0)
    told = sync({"v": "SHORT"}, '{"id":2,"v":32768}').expect(7, "Declare \"v\" as LONG")
    assert warehouse.count("t") == 1, told
    sync({"v": "LONG"}, '{"id":2,"v":32768}').expect(0)
    sync({"v": "DECIMAL"}, '{"id":3,"v":0.50}').expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, "7"), (2, "32768"), (3, "0.50")]
    sync({"v": "STRING"}, '{"id":4,"v":true}').expect(0)
    sync({"v": "JSON"}, '{"id":5,"v":[1]}').expect(0)
    values = [json.loads(value) for _, value in warehouse.rows("t", "id", "v")]
    assert values == ["7", "32768", "0.50", "true", [1]]


def test_what_was_inferred_can_be_declared_wider(sync, warehouse):
    sync({}, '{"id":1,"a":5,"b":true,"c":0.5}').expect(0)
    sync({"a": "DOUBLE", "b": "STRING", "c": "DECIMAL"}, '{"id":2,"a":6}').expect(0)
    assert warehouse.query("SELECT a, typeof(a), b, c FROM t ORDER BY id") == [
        (5.0, "real", "true", "0.5"), (6.0, "real", None, None)]


def test_a_narrower_declaration_is_refused(sync, warehouse):
    sync({"v": "LONG"}, '{"id":1,"v":7}').expect(0)
    before = warehouse.content()
    sync({"v": "SHORT"}, '{"id":2,"v":8}').expect(2, "\"v\"", "LONG already", "Declare it as LONG")
    sync({"v": "DOUBLE"}, '{"id":2,"v":8}').expect(2, "LONG already")
    assert warehouse.content() == before


def test_a_dropped_declaration_leaves_the_column_to_what_comes(sync, warehouse):
    sync({"v": "LONG"}, '{"id":1,"v":9007199254740993}').expect(0)
    sync({}, '{"id":2,"v":8}').expect(0)
    assert warehouse.query("SELECT observed FROM _towline_columns WHERE column_name = 'v'") == [
        ("LONG DECLARED",)]
    sync({}, '{"id":3,"v":0.5}').expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, "9007199254740993"), (2, "8"), (3, "0.5")]


def test_a_declared_column_is_made_though_no_row_names_it(sync, warehouse):
    sync({"w": "BINARY"}, '{"id":1}').expect(0)
    assert warehouse.rows("t", "id", "w") == [(1, None)]
    sync({"w": "BINARY", "x": "LONG"}, '{"id":1,"w":"aGk="}').expect(0)
    assert warehouse.rows("t", "id", "w", "x") == [(1, b"hi", None)]


def test_declared_keys_are_checked_as_they_come_and_kept_as_declared(towline, configuration, sync,
                                                                     warehouse):
    output = '{"m":{"id":1.50}}\\n{"m":{"id":true}}'
    towline("sync", config=configuration(
        {"table": "u", "command": f"printf '{output}\\n'", "primary_key": ["/m/id"],
         "columns": {"/m/id": "STRING", "m": "STRING"}})).expect(0)
    assert warehouse.rows("u", "m_id") == [("1.50",), ("true",)]
    sync({"id": "STRING"}, '{"id":[1]}').expect(7, "is an object or an array")
    sync({"id": "JSON"}, '{"id":"a"}').expect(0)
    assert warehouse.rows("t", "id") == [('"a"',)]
