"""http streams against services that fail: the exit code, one clear line, nothing half-written."""
import email.utils
import gzip
import json
import re
import signal
import time
import zlib

import pytest

from program import wait_until
from services import Authority, Resetting, Service, Silent, answer

PAGES = {"type": "next_url", "next": "/next"}


def page(*ids, **members):
    """A page of rows."""
    return answer(json.dumps({"data": [{"id": number} for number in ids], **members}))


@pytest.fixture
def serve():
    """serve(reply, kind=Service, ...) starts a service for one test."""
    services = []

    def make(reply, kind=Service, **options):
        services.append(kind(reply, **options))
        return services[-1]

    yield make
    for service in services:
        service.stop()


@pytest.fixture
def http(configuration):
    """http(service or URL, stream fields of http, keys={...}) -> a configuration."""

    def make(service, keys=None, server=None, **request):
        url = service if isinstance(service, str) else service.url + "/rows"
        stream = {"table": "t", "primary_key": "id", "http": {"url": url, **request}}
        return configuration(stream, server=server, **(keys or {}))

    return make


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """An authority that nobody trusts but who is told so."""
    return Authority(tmp_path_factory.mktemp("authority"))


def test_service_that_the_server_hears_nothing_of(towline, configuration, warehouse, silent_port):
    """It holds its own stream up, for ssh_connect_timeout, and not those after it."""
    url = f"http://127.0.0.1:{silent_port}/"
    result = towline("sync", config=configuration(
        {"table": "silent", "primary_key": "id", "http": {"url": url}},
        {"table": "t", "primary_key": "id", "command": "echo '{\"id\":1}'"},
        ssh_connect_timeout="3"))
    result.expect(10, f"no answer in time about a channel to 127.0.0.1 port {silent_port}")
    assert warehouse.count("t") == 1


def one_line(result):
    """The error, which must be one line."""
    lines = [line for line in result.stderr.splitlines() if "SYNC FAILED" in line]
    assert len(lines) == 1, result
    return lines[0]


@pytest.mark.parametrize("forbidden", ["AllowTcpForwarding no", "PermitOpen 127.0.0.1:1"])
def test_forwarding_is_forbidden(forbidden, http, serve, towline, warehouse, make_sshd):
    service = serve(lambda request: page(1))
    result = towline("sync", config=http(service, server=make_sshd(config=[forbidden])))
    result.expect(3, "AllowTcpForwarding")
    assert one_line(result) and not service.requests and warehouse.tables() == []


def test_service_is_down(http, serve, towline, warehouse):
    service = serve(lambda request: page(1))
    service.stop()
    result = towline("sync", config=http(service)).expect(3, str(service.port), "cannot reach")
    assert one_line(result) and warehouse.tables() == []


def test_service_resets(http, serve, towline):
    one_line(towline("sync", config=http(serve(None, Resetting))).expect(3, "connection"))


def test_service_hangs(http, serve, towline):
    config = http(serve(None, Silent), keys={"idle_timeout": "1"})
    assert one_line(towline("sync", config=config).expect(6, "idle_timeout"))


def test_service_does_not_begin_tls(serve, http, towline, warehouse, authority):
    service = serve(None, Silent)
    config = http(service.url.replace("http:", "https:"), keys={"ssh_connect_timeout": "2"})
    result = towline("sync", config=config).expect(3, "beginning of TLS within 4 s")
    assert one_line(result) and warehouse.tables() == []


@pytest.mark.parametrize("head", [
    b"X: " + b"y" * 200_000 + b"\r\n", b"X: y\r\n" * 200_000,
    b"\r\nHTTP/1.1 100 Continue\r\n" * 50_000], ids=["line", "lines", "interim answers"])
def test_a_head_without_end(head, serve, http, towline, warehouse):
    service = serve(lambda request: b"HTTP/1.1 100 Continue\r\n" + head)
    result = towline("sync", config=http(service, keys={"idle_timeout": "60"}))
    assert one_line(result.expect(7, "the head of the answer is too large"))
    assert warehouse.tables() == []


def test_service_drips(http, serve, towline):
    def reply(_):
        time.sleep(0.5)
        return page(1, next=f"/{time.monotonic_ns()}")

    config = http(serve(reply), pagination=PAGES, keys={"command_timeout": "1"})
    towline("sync", config=config).expect(6, "command_timeout")


def test_not_http(http, sshd, towline):
    one_line(towline("sync", config=http(f"http://127.0.0.1:{sshd.port}/")).expect(7, "HTTP"))


@pytest.mark.parametrize("reply, kind", [(None, Silent), (lambda request: answer(
    "{}", "503 Busy", Retry_After="60"), Service)])
@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_stopped(reply, kind, number, code, http, serve, towline, warehouse):
    service = serve(reply, kind)
    process = towline.start("sync", config=http(service, keys={"retry_attempts": "5"}))
    if kind is Silent:
        wait_until(lambda: service.connections)
    else:
        line = b"-"
        while line and b"asking again" not in line:  # in a minute
            line = process.stderr.readline()
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == code, stderr
    assert warehouse.tables() == []


CERTIFICATES = {
    "another name": ({"names": "DNS:other.example.com"}, "other"),
    "expired": ({"names": "IP:127.0.0.1", "expired": True}, "expired"),
    "self-signed": ({"names": "IP:127.0.0.1", "self_signed": True}, "self-signed"),
}


@pytest.mark.parametrize("kind", CERTIFICATES)
@pytest.mark.parametrize("required", ["true", "false"])
def test_certificate(kind, required, http, serve, towline, authority):
    options, _ = CERTIFICATES[kind]
    service = serve(lambda request: page(1), context=authority.context(**options))
    config = http(service, ca_file=str(authority.certificate), auth={
        "type": "bearer", "token": "canary-token"}, keys={"require_tls_through_tunnel": required})
    result = towline("sync", config=config).expect(3, "certificate")
    assert one_line(result) and not service.requests


def test_good_certificate(http, serve, towline, warehouse, authority):
    service = serve(lambda request: page(1), context=authority.context("DNS:db.example.com"))
    url = f"https://db.example.com:{service.port}/rows"
    config = http(url, ca_file=str(authority.certificate), connect_to=f"127.0.0.1:{service.port}")
    towline("sync", config=config).expect(0)
    assert warehouse.count("t") == 1
    untrusted = http(url, connect_to=f"127.0.0.1:{service.port}")
    towline("sync", config=untrusted).expect(3, "certificate", "ca_file")


def test_clear_text_is_refused(http, towline):
    result = towline("sync", config=http("http://db.example.com:8080/x"))
    result.expect(2, "clear text", "require_tls_through_tunnel")
    assert "host key" not in result.stderr


def test_clear_text_is_refused_everywhere_when_tls_is_asked_for(http, serve, towline):
    service = serve(lambda request: page(1))
    config = http(service, keys={"require_tls_through_tunnel": "true"})
    towline("sync", config=config).expect(2, "clear text", "require_tls_through_tunnel")
    assert not service.connections


def test_clear_text_as_a_last_resort(http, serve, towline, warehouse, authority):
    plain = serve(lambda request: page(request.number))
    config = http(plain, keys={"require_tls_through_tunnel": "false"})
    for _ in range(2):
        towline("sync", config=config).expect(0, "WARNING", "speaks no TLS")
    assert [request.method for request in plain.requests] == ["GET", "GET"]
    recorded = warehouse.query("SELECT warnings FROM _towline_runs")
    assert len(recorded) == 2 and all("speaks no TLS" in text for (text,) in recorded)
    secret = serve(lambda request: page(3), context=authority.context("IP:127.0.0.1"))
    config = http(secret.url.replace("https", "http") + "/rows", ca_file=str(authority.certificate),
                  keys={"require_tls_through_tunnel": "false"})
    assert "WARNING" not in towline("sync", config=config).expect(0).stderr


def test_redirects(http, serve, towline, warehouse):
    def reply(request):
        step = int(re.search(r"\d*$", request.path)[0] or 0)
        return answer("", "302 Found", Location=f"/step/{step + 1}") if step < 3 else page(1)

    towline("sync", config=http(serve(reply))).expect(0)
    assert warehouse.count("t") == 1


@pytest.mark.parametrize("location", [
    "/again", "http://metadata.example.com/x", "file:///etc/passwd", "http://127.0.0.1:1/x", "//evil/x",
    "http://user@127.0.0.1:80/", "gopher://127.0.0.1/"])
def test_redirect_without_end_or_elsewhere(location, http, serve, towline):
    service = serve(lambda request: answer("", "301 Moved", Location=location))
    result = towline("sync", config=http(service)).expect(6, "redirect")
    assert one_line(result) and len(service.requests) <= 11
    assert result.stderr.count("root:") == 0


@pytest.mark.parametrize("body, kind, word", [
    ("<!doctype html><title>Log in</title>", "text/html; charset=utf-8", "HTML"),
    ("\n <html>\x1b[31m</html>", "application/json", "not JSON"),
    ("id,name\n1,x\n", "text/plain", "text/plain"), ('{"data": [{"id": 1}', "application/json", "ends"),
])
def test_body_is_not_json(body, kind, word, http, serve, towline, warehouse):
    service = serve(lambda request: answer(body, kind=kind))
    for pagination in ({"type": "none"}, PAGES):
        result = towline("sync", config=http(service, pagination=pagination)).expect(7, word)
        assert one_line(result) and "\x1b" not in result.stderr and warehouse.tables() == []


CUTS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b'{"data": [{"id": 1}]}',
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n"
               b'{"data": [{"id": 1}]}\r\n',
}


@pytest.mark.parametrize("cut", CUTS)
def test_body_is_cut_short(cut, http, serve, towline, warehouse):
    service = serve(lambda request: CUTS[cut], ends=lambda data: True)
    for pagination in ({"type": "none"}, PAGES):
        result = towline("sync", config=http(service, pagination=pagination))
        one_line(result.expect(7, "cut short"))
        assert warehouse.tables() == []


def test_a_later_page_that_is_cut_is_asked_for_again(http, serve, towline, warehouse):
    def reply(request):
        if request.number == 2:
            return CUTS["length"]
        return page(1, next="/two") if request.number == 1 else page(2)

    service = serve(reply, ends=lambda data: data == CUTS["length"])
    towline("sync", config=http(service, pagination=PAGES, keys={"retry_attempts": "1"})).expect(0)
    assert warehouse.rows("t", "id") == [(1,), (2,)] and len(service.requests) == 3


@pytest.mark.parametrize("pages", [["/b", "/c", "/a"], ["/rows"], ["/b", "/b"]])
def test_pages_in_a_circle(pages, http, serve, towline, warehouse):
    follow = dict(zip(["/rows", *pages], [*pages, pages[0]]))
    service = serve(lambda request: page(1, at=request.path, next=follow[request.path]))
    result = towline("sync", config=http(service, pagination=PAGES)).expect(7, "taken already")
    assert one_line(result) and len(service.requests) <= 6 and warehouse.tables() == []


@pytest.mark.parametrize("kind", [{"type": "page"}, {"type": "offset"}, {
    "type": "scroll", "next": "/next", "parameter": "token"}])
def test_a_parameter_that_is_ignored(kind, http, serve, towline):
    service = serve(lambda request: page(1, 2, next="same"))
    result = towline("sync", config=http(service, pagination=kind)).expect(7, "page")
    assert one_line(result) and len(service.requests) <= 4


def test_more_ties_than_a_page_holds(http, serve, towline):
    kind = {"type": "keyset", "column": "at", "parameter": "since", "overlap": "1", "page_size": 2}
    service = serve(lambda request: answer('[{"id": 1, "at": 5}, {"id": 2, "at": 5}]'))
    one_line(towline("sync", config=http(service, pagination=kind)).expect(7, "do not get past"))


def test_next_page_elsewhere(http, serve, towline):
    service = serve(lambda request: page(1, next="http://metadata.example.com/latest"))
    result = towline("sync", config=http(service, pagination=PAGES))
    one_line(result.expect(7, "metadata.example.com"))
    assert len(service.requests) == 1


def test_link_header(http, serve, towline, warehouse):
    def reply(request):
        number = len(request.path) - 4
        link = f'</prev>; rel="prev", <{request.path}x>; title="a, \\"b\\""; rel="next last"'
        return answer(f'[{{"id": {number}}}]', Link=link if number < 5 else "</>; rel=first")

    towline("sync", config=http(serve(reply), pagination={"type": "link"})).expect(0)
    assert warehouse.count("t") == 5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_next_page_in_a_body_with_a_byte_order_mark(encoding, http, serve, towline, warehouse):
    def reply(request):
        number = int(request.path[-1])
        rows = {"data": [{"id": number}], "next": f"?{number + 1}" if number < 3 else None}
        return answer(json.dumps(rows).encode(encoding))

    url = serve(reply).url + "/?1"
    towline("sync", config=http(url, pagination=PAGES)).expect(0)
    assert warehouse.count("t") == 3


def test_further_pages_have_a_url_and_body_of_their_own(http, serve, towline, warehouse):
    """As with Elasticsearch's scroll; GraphQL wants a body of its own as well."""
    def reply(request):
        number = int(json.loads(request.body).get("scroll_id", 0)) + 1
        rows = [{"id": number}] if number < 4 else []
        return answer(json.dumps({"hits": {"hits": rows}, "_scroll_id": str(number)}))

    service = serve(reply)
    config = http(service.url + "/index/_search", query={"scroll": "1m"}, body={"size": 1},
                  pagination={"type": "scroll", "next": "/_scroll_id", "more": "/hits/hits/0",
                              "url": "/_search/scroll", "body": {"scroll_id": "{{next}}"},
                              "first_only": "scroll"})
    config["streams"][0]["rows"] = "/hits/hits"
    towline("sync", config=config).expect(0)
    assert warehouse.count("t") == 3
    assert [(request.path, json.loads(request.body)) for request in service.requests] == [
        ("/index/_search?scroll=1m", {"size": 1}),
        *(("/_search/scroll", {"scroll_id": str(number)}) for number in (1, 2, 3))]


@pytest.mark.parametrize("pagination, says", [
    ({"type": "page", "total": "/count"}, {"count": 3}),
    ({"type": "page", "total_pages": "/pages"}, {"pages": "3"}),
    ({"type": "page", "start": "0", "total_pages": "/pages"}, {"pages": 3}),
    ({"type": "offset", "total": "/count"}, {"count": 3.0}),
    ({"type": "page", "last": "/meta/is_last"}, {"meta": {"is_last": True}}),
    ({"type": "next_url", "next": "/next", "last": "/end"}, {"next": "?again", "end": 1}),
    ({"type": "scroll", "next": "/next", "parameter": "after"}, {"next": False}),
])
def test_where_the_last_page_is_told(pagination, says, http, serve, towline, warehouse):
    """No page is asked for behind it: some services answer such with an error."""
    def reply(request):
        told = {key: says[key] if request.number == 3 or key in ("count", "pages") else
                {"next": f"?{request.number}"}.get(key) for key in says}
        return page(request.number, **told)

    service = serve(reply)
    towline("sync", config=http(service, pagination=pagination)).expect(0)
    assert warehouse.count("t") == len(service.requests) == 3


@pytest.mark.parametrize("pagination", [
    {"type": "link", "total": "/count"}, {"type": "offset", "total_pages": "/pages"},
    {"type": "next_url", "next": "/next", "url": "/more"}, {"type": "page", "last": "end"}])
def test_what_goes_with_no_such_pagination(pagination, http, towline):
    towline("sync", config=http("http://127.0.0.1:1/", pagination=pagination)).expect(2)


def test_parameters_are_sent_once(http, serve, towline, warehouse):
    """What is in the URL already is replaced: a next page's often holds the key as well."""
    def by_url(request):
        query = f"key=x&key=y&a[]=1&a[]=2&n={request.number}"
        return page(request.number, next="?" + query if request.number < 3 else None)

    def by_number(request):
        return page(request.number) if request.number < 3 else page()

    service = serve(by_url)
    auth = {"type": "apiKey", "api_key": "k/", "parameter": "key"}
    towline("sync", config=http(service, auth=auth, pagination=PAGES)).expect(0)
    assert [request.path for request in service.requests] == [
        "/rows?key=k%2F", "/rows?a[]=1&a[]=2&n=1&key=k%2F", "/rows?a[]=1&a[]=2&n=2&key=k%2F"]
    service = serve(by_number)
    config = http(service.url + "/?page=7&x&size=7&page=", query={"page": "8"}, pagination={
        "type": "page", "page_size": "1", "size_parameter": "size"})
    towline("sync", config=config).expect(0)
    assert [request.path for request in service.requests] == [
        f"/?x&page={number}&size=1" for number in (1, 2, 3)]


@pytest.mark.parametrize("auth, sent", [
    ({"type": "basic", "username": "sk_test", "password": ""}, "Basic c2tfdGVzdDo="),
    ({"type": "apiKey", "api_key": "k", "prefix": ""}, "k"),
    ({"type": "apiKey", "api_key": "k", "header": "authorization"}, "apiKey k"),
])
def test_credentials_as_services_want_them(auth, sent, http, serve, towline):
    service = serve(lambda request: page(1))
    towline("sync", config=http(service, auth=auth)).expect(0)
    headers = {name.lower(): value for name, value in service.requests[0].headers.items()}
    assert headers["authorization"] == sent


def test_any_key_of_the_configuration_and_a_post_without_a_body(http, serve, towline):
    service = serve(lambda request: page(1))
    config = http("http://127.0.0.1:{{config.remote_port}}/{{config.ssh_compression}}",
                  method="POST", keys={"remote_port": service.port})
    towline("sync", config=config).expect(0)
    assert service.requests[0].path == "/false"
    assert service.requests[0].headers["Content-Length"] == "0"


def test_json_with_the_type_of_a_page(http, serve, towline, warehouse):
    service = serve(lambda request: answer('[{"id": 1}]', kind="text/html; charset=UTF-8"))
    towline("sync", config=http(service)).expect(0)
    assert warehouse.count("t") == 1


def test_token_in_a_body(http, serve, towline, warehouse):
    def reply(request):
        asked = json.loads(request.body)
        assert request.method == "POST" and asked["q"] == 'say "x"\\'
        number = int(asked["after"] or 0) + 1
        return page(number, token=str(number) if number < 4 else None)

    service = serve(reply)
    config = http(service, body={"q": "{{config.question}}", "after": "{{next}}"},
                  pagination={"type": "scroll", "next": "/token"}, keys={"question": 'say "x"\\'})
    towline("sync", config=config).expect(0)
    assert warehouse.count("t") == 4
    assert service.connections == 1


def test_busy_servers_are_waited_for(http, serve, towline, warehouse):
    def reply(request):
        if request.number == 1:
            return answer("{}", "503 Service Unavailable", Retry_After="1")
        if request.number == 2:
            later = email.utils.formatdate(time.time() + 1, usegmt=True)
            return answer("{}", "429 Too Many Requests", Retry_After=later)
        if request.number == 3:
            return answer("{}", "403 Forbidden", Retry_After="1")
        return answer("{}", "500 Oops") if request.number == 4 else page(1)

    service = serve(reply)
    result = towline("debug", config=http(service, keys={"retry_attempts": "4"})).expect(0, "503")
    assert result.seconds > 1 and warehouse.count("t") == 1 and len(service.requests) == 5
    service.requests.clear()
    towline("sync", config=http(service, keys={"retry_attempts": "1"})).expect(6, "429", "2 times")


def test_a_wait_that_is_too_long(http, serve, towline):
    service = serve(lambda request: answer("{}", "429 Too Many", Retry_After="86400"))
    result = towline("sync", config=http(service, keys={"retry_attempts": "5"}, max_wait="10"))
    assert one_line(result.expect(6, "86400 s"))


@pytest.mark.parametrize("status, code", [(400, 6), (401, 5), (403, 5), (404, 6), (500, 6)])
def test_status(status, code, http, serve, towline):
    body = json.dumps({"error": "why \u202e it is so"})
    service = serve(lambda request: answer(body, f"{status} No\x1b[1m"))
    result = towline("sync", config=http(service)).expect(code, f"answers {status}", "why")
    assert one_line(result) and "\x1b" not in result.stderr and "\u202e" not in result.stderr


def test_gzip(http, serve, towline, warehouse):
    rows = gzip.compress(json.dumps([{"id": number} for number in range(5000)]).encode())
    config = http(serve(lambda request: answer(rows, Content_Encoding="gzip")))
    towline("sync", config=config).expect(0)
    assert warehouse.count("t") == 5000


def packed(text, wrapping=31):
    """The text compressed, in two parts that can be told apart: the whole, and where to cut."""
    packer = zlib.compressobj(wbits=wrapping)
    begin = packer.compress(text[:len(text) // 2].encode()) + packer.flush(zlib.Z_SYNC_FLUSH)
    return begin + packer.compress(text[len(text) // 2:].encode()) + packer.flush(), len(begin)


@pytest.mark.parametrize("pagination", [{"type": "none"}, PAGES])
@pytest.mark.parametrize("wrapping", [15, 31])
def test_packed_rows_that_end_too_early(wrapping, pagination, http, serve, towline, warehouse):
    body, middle = packed('{"id": 1}\n{"id": 2}\n', wrapping)
    for end, code in ((middle, 7), (len(body) - 1, 7), (len(body), 0)):
        service = serve(lambda request, end=end: answer(body[:end], Content_Encoding="gzip"))
        result = towline("sync", config=http(service, pagination=pagination))
        result.expect(code, *["cut short"] if code else [])
        assert bool(warehouse.tables()) == (code == 0)


def test_packed_in_several_parts_or_not_at_all(http, serve, towline, warehouse):
    parts = b"".join(gzip.compress(f'{{"id": {number}}}\n'.encode()) for number in range(3))
    service = serve(lambda request: answer(parts, Content_Encoding="x-gzip"))
    towline("sync", config=http(service)).expect(0)
    assert warehouse.count("t") == 3
    service = serve(lambda request: answer('[{"id": 1}]', Content_Encoding="br"))
    one_line(towline("sync", config=http(service)).expect(7, "unpacked", "Content-Encoding"))


@pytest.mark.parametrize("pagination", [{"type": "none"}, PAGES])
def test_bomb(pagination, http, serve, towline, warehouse):
    bomb = gzip.compress(b'{"data": [' + b" " * (100 << 20), 9)
    config = http(serve(lambda request: answer(bomb, Content_Encoding="gzip")),
                  pagination=pagination, max_body_bytes="1000000")
    one_line(towline("sync", config=config).expect(7, "max_body_bytes", "unpacked"))
    assert warehouse.tables() == []


def test_a_session_that_runs_out(http, serve, towline, warehouse):
    tokens = []

    def reply(request):
        if request.path == "/login":
            assert json.loads(request.body) == {"username": 'u"', "password": 'pass-canary"\\'}
            tokens.append(f"token-{len(tokens)}-canary")
            return answer(json.dumps({"auth": {"key": tokens[-1]}}))
        if request.headers.get("X-Key") != tokens[-1] or (request.number == 4 and len(tokens) < 2):
            return answer("{}", "401 Unauthorized")
        return page(request.number, next="/more" if request.number == 2 else "/last"
                    if request.path == "/more" else None)

    service = serve(reply)
    auth = {"type": "session", "login_url": "/login", "username": 'u"',
            "password": 'pass-canary"\\', "login_token": "/auth/key", "header": "X-Key"}
    result = towline("debug", config=http(service, auth=auth, pagination=PAGES)).expect(0)
    assert len(tokens) == 2 and warehouse.count("t") == 3
    assert "canary" not in result.stderr + result.stdout


def test_nothing_of_a_failed_stream_is_written(http, serve, towline, warehouse):
    service = serve(lambda request: page(request.number, next=f"/{request.number}")
                    if request.number < 4 else answer("{}", "500 Oops"))
    towline("sync", config=http(service, pagination=PAGES)).expect(6, "500")
    assert len(service.requests) == 4 and warehouse.tables() == []


def test_the_session_is_lost_between_pages(http, serve, towline, warehouse, make_sshd):
    server = make_sshd()

    def reply(request):
        if request.number == 3:
            server.drop_connections()
        path = int(request.path.strip("/rows") or 0)
        return page(path, next=f"/{path + 1}" if path < 5 else None)

    config = http(serve(reply), pagination=PAGES, server=server, keys={"retry_attempts": "3"})
    towline("sync", config=config).expect(0)
    assert warehouse.rows("t", "id") == [(number,) for number in range(6)]


def test_a_run_log_without_warnings_is_renewed(http, serve, towline, warehouse):
    config = http(serve(lambda request: page(1)), keys={"require_tls_through_tunnel": "false"})
    towline("sync", config=config).expect(0)
    warehouse.execute("ALTER TABLE _towline_runs DROP COLUMN warnings; PRAGMA user_version = 1")
    towline("sync", config=config).expect(0)
    recorded = warehouse.query("SELECT run, warnings <> '' FROM _towline_runs ORDER BY run")
    assert recorded == [(1, 0), (2, 1)]
    assert warehouse.query("PRAGMA user_version") == [(2,)]
