"""http's for_each: a request for each row of a list, as users of parent and child streams know it."""
import json
import urllib.parse

import pytest
from services import Service, answer


@pytest.fixture
def serve():
    """serve(reply) starts a service; reply(path, query) gives what becomes JSON, or bytes."""
    services = []

    def make(reply):
        def respond(request):
            path, _, query = request.path.partition("?")
            got = reply(path, dict(urllib.parse.parse_qsl(query)))
            return got if isinstance(got, bytes) else answer(json.dumps(got))

        services.append(Service(respond))
        return services[-1]

    yield make
    for service in services:
        service.stop()


@pytest.fixture
def for_each(configuration):
    """for_each(service, "/a/{{item.id}}", list={...}, **request) -> a configuration."""

    def make(service, path, stream=None, keys=None, **request):
        each = {"url": service.url + "/list", **request.pop("each", {})}
        fields = {"table": "t", "primary_key": "id",
                  "http": {"url": service.url + path, "for_each": each, **request}}
        return configuration({**fields, **(stream or {})}, **(keys or {}))

    return make


def test_every_department_of_the_playground(configuration, towline, warehouse, make_playground):
    service = make_playground("--seed", "3")
    stream = {"table": "department", "primary_key": "department_id", "http": {
        "url": f"{service.url}/cursors/{{{{item.company_id}}}}/departments",
        "for_each": {"url": f"{service.url}/cursors/companies", "rows": "/data"}}}
    expected = sorted((row["department_id"], row["company_id"], row["department_name"])
                      for number in range(1, 21)
                      for row in service.json(f"/cursors/{number}/departments")["data"])
    config = configuration(stream)
    towline("sync", config=config).expect(0)
    columns = ("department_id", "company_id", "department_name")
    assert warehouse.rows("department", *columns) == expected
    assert f"{len(expected)} rows" in towline("check", config=config).expect(0).stdout


def pages(rows, query, size=2):
    """A page of rows, and the number of the next."""
    first = int(query.get("page", 1)) - 1
    return rows[first * size:(first + 1) * size]


def test_list_and_items_both_have_pages(serve, for_each, towline, warehouse):
    things = [{"id": name, "owner": {"of": f"o {name}/"}} for name in "abcde"]
    parts = {f"o {name}/": [{"id": f"{name}{i}"} for i in range(count)]
             for name, count in zip("abcde", (5, 0, 2, 1, 4))}

    def reply(path, query):
        if path == "/list":
            return {"things": pages(things, query)}
        return pages(parts[urllib.parse.unquote(path.split("/")[2])], query)

    service = serve(reply)
    config = for_each(service, "/of/{{item.owner.of}}", pagination={"type": "page"},
                      each={"rows": "/things", "pagination": {"type": "page"}})
    towline("sync", config=config).expect(0)
    assert [row for (row,) in warehouse.rows("t", "id")] == sorted(
        row["id"] for rows in parts.values() for row in rows)


def test_values_in_query_headers_and_body(serve, for_each, towline, warehouse):
    service = serve(lambda path, query: [{"n": 1, "s": 'a"&\n'}, {"n": 2, "s": "\u00e4"}]
                    if path == "/list" else [{"id": query["s"]}])
    config = for_each(service, "/x", query={"s": "{{item.s}}"}, headers={"X-N": "{{item.n}}"},
                      body={"s": "{{item.s}}"})
    towline("sync", config=config).expect(0)
    assert [row for (row,) in warehouse.rows("t", "id")] == ['a"&\n', "\u00e4"]
    _, first, second = service.requests
    assert [first.headers["X-N"], second.headers["X-N"]] == ["1", "2"]
    assert [json.loads(request.body)["s"] for request in (first, second)] == ['a"&\n', "\u00e4"]


def test_deletes_go_by_all_items_together(serve, for_each, towline, warehouse):
    rows = {"/1": [{"id": 1}, {"id": 2}], "/2": [{"id": 3}]}
    service = serve(lambda path, query: [{"n": 1}, {"n": 2}] if path == "/list" else rows[path])
    config = for_each(service, "/{{item.n}}", stream={"deletes": "hard"})
    towline("sync", config=config).expect(0)
    rows["/1"], rows["/2"] = [{"id": 2}], []
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "id") == [(2,)]


def test_a_list_without_items_is_an_empty_output(serve, for_each, towline, warehouse):
    items = [{"n": 1}]
    service = serve(lambda path, query: items if path == "/list" else [{"id": 1}])
    towline("sync", config=for_each(service, "/{{item.n}}",
                                    stream={"deletes": "hard"})).expect(0)
    items.clear()
    towline("sync", config=for_each(service, "/{{item.n}}", stream={"deletes": "hard"})).expect(0)
    assert warehouse.count("t") == 1  # nothing came that could say what is gone
    towline("sync", config=for_each(service, "/{{item.n}}", stream={"empty": "fail"})
            ).expect(7, "empty")


def test_items_of_csv(serve, for_each, towline, warehouse):
    service = serve(lambda path, query: [{"n": 1}, {"n": 2}] if path == "/list" else
                    answer(f"id,v\n{path[1:]},x\n", kind="text/csv"))
    towline("sync", config=for_each(service, "/{{item.n}}")).expect(0)
    assert warehouse.rows("t", "id", "v") == [(1, "x"), (2, "x")]


@pytest.mark.parametrize("items, code, says", [
    ([{"n": 1}, {"m": 2}], 7, 'item 2 has no "n"'),
    ([{"n": None}], 7, 'item 1 has no "n"'),
    ([{"n": ".."}], 7, 'item 1 has no "n"'),
    ([{"n": 1}, {"n": "gone"}], 6, "/gone: the server answers 404"),
    (answer("<html>no", kind="text/html"), 7, "/list: the answer is a web page"),
    (answer("id\n1\n", kind="text/csv"), 7, "/list: the answer is something else, not JSON"),
    (answer("no", "500 Oops"), 6, "/list: the server answers 500"),
])
def test_nothing_is_written_where_one_request_fails(serve, for_each, towline, warehouse, items,
                                                    code, says):
    def reply(path, _):
        if path == "/list":
            return items
        return answer("no", "404 Not Found") if path == "/gone" else [{"id": path}]

    towline("sync", config=for_each(serve(reply), "/{{item.n}}")).expect(code, says)
    assert not warehouse.path.exists()


def test_the_cursor_is_that_of_all_items(serve, for_each, towline, warehouse):
    rows = [{"id": 1, "of": "1", "at": 5}, {"id": 2, "of": "2", "at": 9},
            {"id": 3, "of": "1", "at": 7}]

    def reply(path, query):
        if path == "/list":
            return [{"n": 1}, {"n": 2}]
        return [row for row in rows
                if row["of"] == path[1:] and row["at"] >= int(query.get("since", 0))]

    service = serve(reply)
    config = for_each(service, "/{{item.n}}", query={"since": "{{cursor}}"},
                      stream={"cursor": "at"})
    towline("sync", config=config).expect(0)
    rows.append({"id": 4, "of": "1", "at": 9})
    towline("sync", config=config).expect(0)
    assert [row for (row,) in warehouse.rows("t", "id")] == [1, 2, 3, 4]
    assert service.requests[-1].path == "/2?since=9"


def test_order_of_several_items_is_none(serve, for_each, towline):
    service = serve(lambda path, query: [])
    config = for_each(service, "/{{item.n}}", stream={"cursor": "at", "ordered": "true"})
    towline("sync", config=config).expect(2, "for_each")
