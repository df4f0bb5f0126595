"""`format: csv`, from commands and from web services."""
import csv
import io
import random

import pytest
from services import Service, answer

KEYS = ("id", "name", "paid", "note")
ROWS = [("1", 'Doe, "J"', "1.50", ""), ("007", "two\r\nlines", "", "x"), ("20", "ä", "2", "y")]


def stream(command, **fields):
    """The stream t of the command's CSV."""
    return {"table": "t", "primary_key": "id", "format": "csv", "command": command, **fields}


def shown(text):
    """The command that prints the text."""
    return "printf %s '" + text.replace("'", "'\\''") + "'"


def written(rows, end):
    """CSV as others write it."""
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows([KEYS, *rows])
    return out.getvalue()


@pytest.mark.parametrize("end", ("\n", "\r\n"))
@pytest.mark.parametrize("mark", ("", "\ufeff"))
def test_layouts(towline, configuration, warehouse, end, mark):
    towline("sync", config=configuration(stream(shown(mark + written(ROWS, end))))).expect(0)
    # As one value of each column is no number, the others are the text that stood there.
    assert warehouse.rows("t", *KEYS) == [
        ("007", "two\r\nlines", None, "x"), ("1", 'Doe, "J"', "1.50", None),
        ("20", "ä", "2", "y")]


def test_types_are_those_that_give_the_text_back(towline, configuration, warehouse):
    text = "id,n,d,b,day,zip,money,e\n1,5,0.5,true,2024-02-29,01234,1.50,1e3\n" \
           "2,6,1.25,false,2024-03-01,56789,2.00,2e3\n"
    towline("sync", config=configuration(stream(shown(text)))).expect(0)
    types = dict(warehouse.query("SELECT source_name, type FROM _towline_columns WHERE "
                                 "table_name = 't' AND source_name NOT LIKE '\\_%' ESCAPE '\\'"))
    assert types == {"id": "LONG", "n": "LONG", "d": "DOUBLE", "b": "BOOLEAN", "day": "NAIVE_DATE",
                     "zip": "STRING", "money": "DECIMAL", "e": "STRING"}
    assert warehouse.rows("t", "n", "d", "b", "zip", "money", "e") == [
        (5, 0.5, 1, "01234", "1.50", "1e3"), (6, 1.25, 0, "56789", "2.00", "2e3")]


def test_declared_types(towline, configuration, warehouse):
    config = configuration(stream(shown("id,a,b\n1,1.50,2\n"),
                                  columns={"id": "STRING", "a": "DOUBLE", "b": "DECIMAL"}))
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "id", "a", "b") == [("1", 1.5, "2")]


def test_null_and_empty(towline, configuration, warehouse):
    towline("sync", config=configuration(stream(shown('id,v\n1,\n2,""\n')))).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, None), (2, "")]


def test_every_text_comes_back(towline, configuration, warehouse):
    pick = random.Random(5)
    texts = ["".join(pick.choices('a,"\n\r 07.-e\u00e4\U0001f600', k=pick.randrange(1, 9)))
             for _ in range(2000)] + [str(n) for n in range(500)] + ["0.5", "1.50", "-0", "true"]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("id", "v"), *enumerate(texts)])
    path = warehouse.path.parent / "texts.csv"
    path.write_bytes(out.getvalue().encode())
    towline("sync", config=configuration(stream(f"cat {path}"))).expect(0)
    assert [value for _, value in warehouse.rows("t", "id", "v")] == texts


def test_nothing_and_a_header_alone(towline, configuration, warehouse):
    whole = configuration(stream(shown("id\n1\n2\n"), deletes="hard"))
    towline("sync", config=whole).expect(0)
    towline("sync", config=configuration(stream("true", deletes="hard"))).expect(0)
    assert warehouse.count("t") == 2  # nothing printed deletes nothing
    for message in ("ERROR: cannot connect\n", "v,w\n"):  # is no header of an empty table
        result = towline("sync", config=configuration(stream(shown(message), deletes="hard")))
        result.expect(7, 'primary key "id"', message.strip())
        assert warehouse.count("t") == 2
    towline("sync", config=configuration(stream(shown("id\n"), deletes="hard"))).expect(0)
    assert warehouse.count("t") == 0


@pytest.mark.parametrize("text, says", [
    ("id,v\n1,a\n2\n", "row 2 at byte 9 has only 1 fields"),
    ("id,v\n1,a,b\n", "at least 3 fields"),
    ('id,v\n1,"a\n', "the output ends at byte 10, within the quotes of row 1"),
    ('id,v\n1,"a"b\n', "row 1 is not valid CSV at byte 10"),
    ("id,id\n1,2\n", 'names a column twice: "id"'),
    ("key,v\n1,2\n", "id"),
    ("id,v\n,2\n", "id"),
])
def test_wrong_output(towline, configuration, warehouse, text, says):
    towline("sync", config=configuration(stream(shown(text)))).expect(7, says)
    assert not warehouse.path.exists()


def test_other_separators_are_noticed(towline, configuration):
    config = configuration(stream(shown("id;v\n1;2\n"), primary_key=""))
    towline("sync", config=config).expect(0, '"id;v"', "commas separate fields")


def test_rows_point_nowhere(towline, configuration):
    towline("sync", config=configuration(stream("true", rows="/data"))).expect(2, "`rows`")


def http(url, pagination=None, **fields):
    """The stream t of a request."""
    request = {"url": url, **({"pagination": pagination} if pagination else {})}
    return {"table": "t", "primary_key": "id", "http": request, **fields}


@pytest.mark.parametrize("fields", ({}, {"format": "csv"}))
def test_the_export_of_the_playground(towline, configuration, warehouse, playground, fields):
    config = configuration(http(f"{playground.url}/export/csv", **fields))
    towline("sync", config=config).expect(0)
    columns = ("id", "name", "email", "address", "company", "job", "createdAt", "updatedAt")
    rows = playground.json("/incremental/step")["data"]
    assert warehouse.rows("t", *columns) == sorted(
        tuple(row[column] for column in columns) for row in rows)
    assert "200 rows" in towline("check", config=config).expect(0).stdout


@pytest.fixture
def serve():
    """serve(body, type, ...) answers everything with it, or with what the body makes of the
    request."""
    services = []

    def make(body, kind="text/csv", **options):
        make_body = body if callable(body) else lambda request: body
        services.append(Service(lambda request: answer(make_body(request), kind=kind), **options))
        return services[-1]

    yield make
    for service in services:
        service.stop()


def test_pages_of_csv(towline, configuration, warehouse, serve):
    pages = ["id,v\n1,a\n2,b\n", "v,id\nc,3", "id,v\n"]
    service = serve(lambda request: pages[int(request.path[-1]) - 1])
    towline("sync", config=configuration(http(service.url, {"type": "page"}))).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, "a"), (2, "b"), (3, "c")]
    assert len(service.requests) == 3


@pytest.mark.parametrize("kind, body, fields, says", [
    ("text/html", "<p>log in", {"format": "csv"}, "a web page (HTML), not CSV"),
    ("text/csv", "<!DOCTYPE html><p>log in", {}, "a web page (HTML)"),
    ("text/plain", "id,v\n1,2\n", {}, 'set `format` to "csv"'),
    ("text/csv", "id,v\n1,2\n", {"format": "json"}, 'Set `format` to "csv"'),
])
def test_answers_that_are_something_else(towline, configuration, warehouse, serve, kind, body,
                                         fields, says):
    config = configuration(http(serve(body, kind).url, **fields))
    towline("sync", config=config).expect(7, says)
    assert not warehouse.path.exists()


def test_csv_that_was_cut_short(towline, configuration, warehouse):
    good = answer("id,v\n1,a\n2,b\n", kind="text/csv")
    service = Service(lambda request: good[:-4], ends=lambda data: True)
    towline("sync", config=configuration(http(service.url))).expect(7, "cut short")
    assert not warehouse.path.exists()
    service.stop()


def test_pages_that_csv_cannot_name(towline, configuration):
    pagination = {"type": "next_url", "next": "/next"}
    config = configuration(http("http://127.0.0.1:1/", pagination, format="csv"))
    towline("sync", config=config).expect(2, "point into JSON")
