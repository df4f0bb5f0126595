"""http streams: every endpoint of the playground, complete, through the SSH session."""
import json

import pytest

EDGE = "1970-01-01T00:00:00Z"


@pytest.fixture
def http(configuration, playground):
    """http(path, pagination={...}, query={...}, stream={...}, ...) -> a configuration with one
    stream, `t`, of that request; **keys are the configuration's."""

    def make(path, stream=None, service=None, keys=None, **request):
        url = path if "://" in path else (service or playground).url + path
        fields = {"table": "t", "primary_key": "id", "http": {"url": url, **request}}
        return configuration({**fields, **(stream or {})}, **(keys or {}))

    return make


def users(playground):
    """Every user of the playground, as tuples in the order of their ids."""
    rows = playground.json("/incremental/step")["data"]
    return sorted((row["id"], row["updatedAt"], row["address"]) for row in rows)


def synced(warehouse):
    """The same of the table."""
    return warehouse.rows("t", "id", "updatedAt", "address")


PAGINATIONS = {
    "next_page_url": {"pagination": {"type": "next_url", "next": "/next_page_url"},
                      "query": {"per_page": "7"}},
    "page_number": {"pagination": {"type": "page", "page_size": 30, "size_parameter": "per_page"}},
    "offset": {"pagination": {"type": "offset"}, "query": {"limit": "50", "order_by": "updatedAt"}},
    "keyset": {"pagination": {"type": "keyset", "column": "updatedAt", "overlap": "1s",
                              "parameter": "updated_since", "page_size": 50}},
}


@pytest.mark.parametrize("kind", PAGINATIONS)
def test_pages_are_complete(kind, http, towline, warehouse, playground):
    result = towline("sync", config=http(f"/pagination/{kind}", **PAGINATIONS[kind]))
    result.expect(0)
    assert synced(warehouse) == users(playground)


def test_scroll_token_takes_what_the_server_gives(http, towline, warehouse, playground):
    config = http("/pagination/keyset", query={"updated_since": EDGE}, pagination={
        "type": "scroll", "next": "/scroll_param", "parameter": "scroll_param",
        "first_only": "updated_since"})
    towline("sync", config=config).expect(0)
    expected, token = set(), None
    while token is None or token:
        query = f"?scroll_param={token}" if token else ""
        page = playground.json("/pagination/keyset" + query)
        expected |= {row["id"] for row in page["data"]}
        token = page["scroll_param"] or ""
    assert {row[0] for row in synced(warehouse)} == expected


def test_a_cursor_in_the_url_itself(http, towline, warehouse, playground):
    config = http("/incremental/timestamp?since={{cursor}}", stream={"cursor": "updatedAt"})
    for _ in range(2):  # the first time there is no value yet, and so no parameter
        towline("sync", config=config).expect(0)
        assert synced(warehouse) == users(playground)
    (count,) = warehouse.query("SELECT rows_read FROM _towline_runs ORDER BY run DESC")[0]
    assert 0 < count < 10


@pytest.mark.parametrize("overlap, key, warns", [
    (None, "id", True), ("0", "id", False), (None, "updatedAt", False)])
def test_ties_that_may_be_lost_are_warned_of(overlap, key, warns, http, towline):
    config = http("/pagination/keyset", stream={"primary_key": key}, pagination={
        "type": "keyset", "column": "updatedAt", "parameter": "updated_since",
        "overlap": overlap or ""})
    assert ("rows that tie" in towline("sync", config=config).expect(0).stderr) == warns


def test_ties_are_not_lost_between_syncs(http, towline, warehouse, playground):
    stream = {"cursor": "updatedAt", "cursor_start": EDGE, "cursor_overlap": "1s"}
    config = http("/pagination/keyset", stream=stream, query={"updated_since": "{{cursor}}"},
                  pagination=PAGINATIONS["keyset"]["pagination"])
    towline("sync", config=config).expect(0)
    assert synced(warehouse) == users(playground)
    towline("sync", config=config).expect(0)
    assert synced(warehouse) == users(playground)
    (count,) = warehouse.query("SELECT rows_read FROM _towline_runs ORDER BY run DESC")[0]
    assert 0 < count < 10


AUTHS = {
    "http_basic": lambda p: {"type": "basic", "username": p.username, "password": p.password},
    "http_bearer": lambda p: {"type": "bearer", "token": p.bearer_token},
    "api_key": lambda p: {"type": "apiKey", "api_key": p.api_key},
    "session_token/data": lambda p: {"type": "session", "username": p.username,
                                     "password": p.password,
                                     "login_url": "/auth/session_token/login"},
}


@pytest.mark.parametrize("kind", AUTHS)
def test_authentication(kind, http, towline, warehouse, playground):
    config = http(f"/auth/{kind}", auth=AUTHS[kind](playground))
    result = towline("debug", config=config).expect(0)
    assert warehouse.count("t") == 20
    for secret in (playground.password, playground.bearer_token, playground.api_key,
                   playground.session_token):
        assert secret not in result.stderr + result.stdout


@pytest.mark.parametrize("kind", AUTHS)
def test_wrong_credentials(kind, http, towline, playground):
    auth = AUTHS[kind](playground)
    auth.update({key: "wrong-one" for key in ("password", "token", "api_key") if key in auth})
    result = towline("sync", config=http(f"/auth/{kind}", auth=auth))
    result.expect(5, "401", "auth")
    assert "wrong-one" not in result.stderr


def test_cursors(http, towline, warehouse, make_playground):
    service = make_playground("--seed", "3")
    stream = {"primary_key": "company_id", "cursor": "updatedAt"}
    config = http("/cursors/companies", service=service, stream=stream,
                  query={"updated_since": "{{cursor}}", "order_by": "updatedAt"})
    for _ in range(3):
        towline("sync", config=config).expect(0)
    expected = service.json("/cursors/companies")["data"]
    assert warehouse.count("t") == len(expected)
    # The last answer was taken before the rows were changed once more.
    newest = max(stamp for (stamp,) in warehouse.rows("t", "updatedAt"))
    before = {row["company_id"]: row["updatedAt"] for row in expected if row["updatedAt"] <= newest}
    assert before.items() <= dict(warehouse.rows("t", "company_id", "updatedAt")).items()


@pytest.mark.parametrize("path, query", [
    ("/incremental/timestamp", {"since": "{{cursor}}"}), ("/incremental/step", {"start_id": "1"})])
def test_incremental(path, query, http, towline, warehouse, playground):
    config = http(path, query=query, stream={"cursor": "updatedAt"})
    for _ in range(2):
        towline("sync", config=config).expect(0)
        assert synced(warehouse) == users(playground)


def test_rate_limit_is_waited_for(http, towline, warehouse, make_playground):
    service = make_playground("--seed", "7", "--rate-limit", "--capacity", "3", "--refill", "0.3")
    config = http("/pagination/page_number", service=service, keys={"retry_attempts": "5"},
                  pagination={"type": "page", "page_size": 50, "size_parameter": "per_page"})
    result = towline("debug", config=config).expect(0, "429")
    assert warehouse.count("t") == 200
    assert result.seconds > 0.9


def test_configuration_of_the_upstream_example(configuration, towline, warehouse, sshd, playground):
    config = {"ssh_host": sshd.host, "ssh_user": sshd.user, "ssh_private_key": sshd.key.read_text(),
              "ssh_key_passphrase": "", "api_key": playground.api_key, "local_port": "8000",
              "remote_port": str(playground.port)}
    surroundings = {"ssh_port": str(sshd.port), "ssh_known_hosts_path": str(sshd.known_hosts)}
    towline("sync", config={**config, **surroundings}).expect(0, "local_port")
    assert warehouse.tables() == ["user"]
    expected = playground.json("/incremental/step?end_id=20")["data"]
    assert [row[0] for row in warehouse.rows("user", "id")] == sorted(row["id"] for row in expected)
    bastion = {key.replace("ssh_", "bastion_").replace("key_passphrase", "passphrase"): value
               for key, value in {**config, "ssh_port": str(sshd.port)}.items()}
    bastion["ssh_known_hosts_path"] = str(sshd.known_hosts)
    towline("sync", config=bastion).expect(0)


def test_check_and_discover(http, towline, playground):
    config = http("/auth/api_key", auth={"type": "apiKey"}, keys={"api_key": playground.api_key})
    checked = towline("check", config=config).expect(0)
    assert "stream t parses" in checked.stdout and "20 rows" in checked.stdout
    found = towline("discover", "--json", config=config)
    if found.code != 0:
        found = towline("discover", config=config).expect(0)
    assert "updatedAt" in found.stdout and playground.api_key not in found.stdout


def test_no_port_is_opened(http, towline, playground, tmp_path):
    config = http("/auth/api_key", auth={"type": "apiKey"}, keys={"api_key": playground.api_key})
    towline("sync", config=config, env={"http_proxy": "http://127.0.0.1:9",
                                        "ALL_PROXY": "http://127.0.0.1:9"}).expect(0)
    assert json.loads(json.dumps(config))["streams"]


def test_an_account_that_may_only_forward(configuration, towline, warehouse, make_sshd, playground):
    server = make_sshd()
    key = server.make_key("restricted", authorize=False)
    server.authorize(key, 'restrict,port-forwarding,command="/bin/false",'
                          f'permitopen="127.0.0.1:{playground.port}"')
    stream = {"table": "t", "primary_key": "id",
              "http": {"url": f"{playground.url}/incremental/step"}}
    config = configuration(stream, server=server, ssh_private_key_path=str(key))
    towline("sync", config=config).expect(0)
    assert synced(warehouse) == users(playground)
    towline("check", config=config).expect(0)
