"""The playground fixture keeps its promises: endpoints, authentication, paging, traps, limits."""
import base64
import csv
import io
import json
import re

import pytest

USER = {"id", "name", "email", "address", "company", "job", "createdAt", "updatedAt"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def all_pages(playground, path, follow):
    """The rows of all pages; follow(answer) gives the next path or None."""
    rows = []
    while path:
        answer = playground.json(path)
        rows += answer["data"]
        path = follow(answer)
    return rows


def test_user_has_the_fields_and_traps(playground):
    users = playground.json("/incremental/step")["data"]
    assert len(users) == 200
    assert all(set(user) == USER for user in users)
    assert all("\n" in user["address"] for user in users)
    assert all(TIME.fullmatch(user[key]) for user in users for key in ("createdAt", "updatedAt"))
    assert all(user["createdAt"] <= user["updatedAt"] for user in users)
    assert len({user["id"] for user in users}) == 200
    assert len({user["updatedAt"] for user in users}) < 200


def test_pages_by_url_number_and_offset_give_every_user_once(playground):
    expected = sorted(user["id"] for user in playground.json("/incremental/step")["data"])
    by_url = all_pages(playground, "/pagination/next_page_url?per_page=50", lambda answer:
                       answer["next_page_url"] and answer["next_page_url"][len(playground.url):])
    by_number = all_pages(playground, "/pagination/page_number?per_page=30&page=1", lambda answer:
                          f"/pagination/page_number?per_page=30&page={answer['page'] + 1}"
                          if answer["page"] < answer["total_pages"] else None)
    by_offset = all_pages(playground, "/pagination/offset?limit=50", lambda answer:
                          f"/pagination/offset?limit=50&offset={answer['offset'] + 50}"
                          if answer["offset"] + 50 < answer["total"] else None)
    for rows in (by_url, by_number, by_offset):
        assert sorted(user["id"] for user in rows) == expected


def test_page_defaults_and_order(playground):
    page = playground.json("/pagination/page_number")
    assert set(page) == {"data", "page", "page_size", "total_pages", "total_items"}
    assert (page["page"], page["page_size"], page["total_pages"]) == (1, 10, 20)
    created = [user["createdAt"] for user in page["data"]]
    assert created == sorted(created)
    page = playground.json("/pagination/offset?order_by=updatedAt&order_type=desc&limit=50")
    updated = [user["updatedAt"] for user in page["data"]]
    assert updated == sorted(updated, reverse=True) and len(updated) == 50


def test_updated_since_includes_ties(playground):
    updated = sorted(user["updatedAt"] for user in playground.json("/incremental/step")["data"])
    since = updated[150]
    page = playground.json(f"/pagination/offset?updated_since={since}")
    assert page["total"] == sum(value >= since for value in updated)
    rows = playground.json(f"/incremental/timestamp?since={since}")["data"]
    assert len(rows) == page["total"]


def test_keyset_loses_ties_on_a_page_edge_and_only_those(playground):
    users = playground.json("/incremental/step")["data"]
    rows = all_pages(playground, "/pagination/keyset", lambda answer: answer["scroll_param"] and
                     f"/pagination/keyset?scroll_param={answer['scroll_param']}")
    missed = {user["id"] for user in users} - {user["id"] for user in rows}
    edge = sorted(user["updatedAt"] for user in users)[49]
    assert missed
    assert {user["updatedAt"] for user in users if user["id"] in missed} == {edge}
    strict = playground.json(f"/pagination/keyset?updated_since={edge}")["data"]
    assert all(user["updatedAt"] > edge for user in strict)


@pytest.mark.parametrize("path, text", [
    ("/pagination/offset?x=1&y=2", "Unexpected query parameters: x, y"),
    ("/export/csv?limit=1", "Unexpected query parameters: limit"),
    ("/auth/api_key?limit=1", None),
    ("/pagination/offset?limit=51", "limit"),
    ("/pagination/offset?limit=0", "limit"),
    ("/pagination/next_page_url?per_page=ten", "per_page"),
    ("/pagination/page_number?order_by=name", "order_by"),
    ("/pagination/page_number?order_type=up", "order_type"),
    ("/pagination/page_number?updated_since=2025-01-01T00:00:00", "Z"),
    ("/pagination/keyset?updated_since=2025-01-01T00:00:00Z&scroll_param=eA", "together"),
    ("/pagination/keyset?scroll_param=eA", "scroll_param"),
    ("/incremental/step?start_id=one", "start_id"),
])
def test_wrong_parameters_are_refused(playground, path, text):
    status, headers, body = playground.get(path)
    if text is None:
        assert status == 401  # who is not let in learns nothing about parameters
        return
    assert status == 400 and headers["Content-Type"] == "application/json"
    assert text in json.loads(body)["error"]


def test_csv_holds_the_users(playground):
    status, headers, body = playground.get("/export/csv")
    assert status == 200 and headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    assert rows == playground.json("/incremental/step")["data"]


def test_header_authentication(playground):
    secret = base64.b64encode(f"{playground.username}:{playground.password}".encode()).decode()
    users = playground.json("/incremental/step?end_id=20")["data"]
    for path, value in (("/auth/http_basic", f"Basic {secret}"),
                        ("/auth/http_bearer", f"Bearer {playground.bearer_token}"),
                        ("/auth/api_key", f"apiKey {playground.api_key}")):
        assert playground.json(path, headers={"Authorization": value})["data"] == users
        for wrong in ({}, {"Authorization": value[:-1]}, {"Authorization": value.split()[1]}):
            status, headers, body = playground.get(path, headers=wrong)
            assert status == 401 and headers["Content-Type"].startswith("text/html")
            assert body.lower().startswith("<!doctype html>")


def test_session_token(playground):
    def login(body):
        return playground.get("/auth/session_token/login", method="POST", body=body)

    good = json.dumps({"username": playground.username, "password": playground.password})
    status, _, body = login(good.encode())
    token = json.loads(body)["token"]
    assert status == 200
    for value in (token, f"Token {token}"):
        data = playground.json("/auth/session_token/data", headers={"Authorization": value})
        assert len(data["data"]) == 20
    assert login(b"no json")[0] == 400
    assert login(b'{"username": "x"}')[0] == 400
    assert login(b'{"username": "x", "password": "y"}')[0] == 401
    assert playground.get("/auth/session_token/data")[0] == 400
    status, _, body = playground.get("/auth/session_token/data", headers={"Authorization": "x"})
    assert status == 401 and "error" in json.loads(body)
    assert playground.get("/auth/session_token/login")[0] == 405


def test_cursor_rows_change_after_each_answer(make_playground):
    playground = make_playground("--seed", "3")
    first = playground.json("/cursors/companies")
    again = playground.json("/cursors/companies")
    assert first["total_items"] == len(first["data"]) == len(again["data"])
    assert set(first["data"][0]) == {"company_id", "company_name", "createdAt", "updatedAt"}
    before = {row["company_id"]: row["updatedAt"] for row in first["data"]}
    changed = [row for row in again["data"] if row["updatedAt"] != before[row["company_id"]]]
    assert changed and len(changed) < len(before)
    assert all(row["updatedAt"] > max(before.values()) for row in changed)
    newest = max(row["updatedAt"] for row in again["data"])
    later = playground.json(f"/cursors/companies?updated_since={newest}")
    assert 0 < later["total_items"] < len(before)


def test_departments_belong_to_their_company(playground):
    rows = playground.json("/cursors/3/departments")["data"]
    assert rows and all(row["company_id"] == 3 for row in rows)
    assert set(rows[0]) == {"department_id", "company_id", "department_name", "createdAt",
                            "updatedAt"}
    status, _, body = playground.get("/cursors/x%20y/departments")
    assert status == 404 and json.loads(body) == {"error": "company_id 'x y' not found"}


def test_steps_include_both_ends(playground):
    users = playground.json("/incremental/step")["data"]
    assert playground.json("/incremental/step?start_id=3&end_id=5")["data"] == users[2:5]
    assert playground.json("/incremental/step?start_id=201&end_id=300")["data"] == []


def test_rate_limit(make_playground):
    playground = make_playground("--rate-limit", "--capacity", "3", "--refill", "0.2")
    answers = [playground.get("/export/csv") for _ in range(4)]
    assert [status for status, _, _ in answers] == [200, 200, 200, 429]
    assert int(answers[3][1]["Retry-After"]) >= 1


def test_no_limit_by_default(playground):
    assert {playground.get("/incremental/step?end_id=1")[0] for _ in range(30)} == {200}


def test_credentials_and_data_are_random_or_seeded(make_playground, playground):
    def known(process):
        return process.username, process.password, process.bearer_token, process.api_key, \
            process.json("/incremental/step")["data"][0]

    assert known(make_playground("--seed", "7")) == known(playground)
    one, other = known(make_playground("start")), known(make_playground())
    assert all(a != b for a, b in zip(one, other))


def test_unknown_paths_and_methods(playground):
    assert playground.get("/")[0] == 404
    assert playground.get("/export/csv", method="POST", body=b"")[0] == 405
    status, headers, body = playground.get("/export/csv", method="HEAD")
    assert status == 200 and int(headers["Content-Length"]) > 1000 and body == ""
