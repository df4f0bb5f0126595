"""`towline report`: the page is well-formed, stands alone, and says what the run log says."""
import html.parser
import json
import sqlite3

import pytest

VOID = {"meta", "br"}
FIGURES = ("rows_read", "inserted", "updated", "unchanged", "deleted", "schema_changes",
           "bytes_read")
HOSTILE = "<script>alert('x')</script>&\"\x1b[31m\u202e"


class Page(html.parser.HTMLParser):
    """Fails where an element is not closed in its turn; keeps what the tests ask about."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []
        self.articles = {}  # by its title: {"text", "values", "classes"}
        self.article, self.everything = None, []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "article":
            self.article = {"text": [], "values": [], "classes": []}
        if self.article is not None:
            self.article["classes"] += (attrs.get("class") or "").split()
            self.article["values"] += [int(attrs["value"])] if tag == "data" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "article":
            self.articles[self.article["title"]] = self.article
            self.article = None

    def handle_data(self, data):
        self.everything.append(data)
        if self.article is not None:
            self.article["text"].append(data)
            if self.open[-1] == "h3":
                self.article["title"] = data if "title" not in self.article else \
                    self.article["title"] + data

    def text(self, title):
        """All that an article says, in one line."""
        return " ".join("".join(self.articles[title]["text"]).split())


def streams_of(text):
    """The part of the page that is about streams; a table may have the name of one."""
    return Page(text[text.index("<h2>Streams"):text.index("<h2>Tables")])


@pytest.fixture
def report(towline):
    """report(option, ...) -> the page, taken apart."""
    def run(*options, **keys):
        result = towline("report", *options, **keys).expect(0)
        return Page(result.stdout)

    return run


def rows(table, *values, **fields):
    """A stream that prints these rows."""
    text = "".join(json.dumps(value) + "\n" for value in values)
    return {"table": table, "command": f"cat <<'END'\n{text}END", "primary_key": "id", **fields}


def test_the_figures_are_the_run_log_s(towline, configuration, warehouse, report):
    first = configuration(rows("a", *({"id": n, "v": n} for n in range(1234))), rows("b", {"id": 1}))
    towline("sync", config=first).expect(0)
    second = configuration(rows("a", {"id": 1, "v": 7}, {"id": 2, "v": 2}, {"id": -1, "v": "x"},
                                deletes="soft"), rows("b", {"id": 1}))
    towline("sync", config=second).expect(0)
    text = towline("report").expect(0).stdout
    for stream in ("a", "b"):
        kept = warehouse.query(f"SELECT {', '.join(FIGURES)} FROM _towline_runs WHERE stream = ? "
                               "ORDER BY run DESC LIMIT 1", stream)[0]
        card = streams_of(text)
        assert tuple(card.articles[stream]["values"][:7]) == kept
        assert "done" in card.articles[stream]["classes"]
        assert card.text(stream).count("run 1, done") == 1
    assert "run 1, done, 1234 rows read" in text
    tables = Page(text[text.index("<h2>Tables"):text.index("<footer>")])
    assert "idLONG, key" in tables.text("a") and "vSTRING" in tables.text("a")


def test_a_failure_with_its_remedy_and_warnings(towline, configuration, report):
    towline("sync", config=configuration(rows("a", {"id": 1}))).expect(0)
    towline("sync", config=configuration(rows("a", {"v": 1}))).expect(7)
    page = report()
    assert "Failed: a" in " ".join("".join(page.everything).split())
    card = streams_of(towline("report").stdout)
    assert "failed" in card.articles["a"]["classes"]
    error = towline("sync", config=configuration(rows("a", {"v": 1}))).expect(7).stderr
    remedy = error.strip().splitlines()[-1].rsplit(". ", 1)[-1]
    assert remedy in card.text("a"), card.text("a")


def test_text_from_elsewhere_stays_text(towline, configuration, warehouse, report):
    towline("sync", config=configuration(
        rows(HOSTILE[:-6] + "t", {"id": 1, HOSTILE: 1}))).expect(0)
    connection = sqlite3.connect(warehouse.path)
    with connection:
        connection.execute("UPDATE _towline_runs SET status = ?1, error = ?1, warnings = ?1, "
                           "started = ?1, finished = ?1", (HOSTILE,))
    connection.close()
    result = towline("report").expect(0)
    page = Page(result.stdout)
    assert "script" not in page.tags
    assert not [name for name in page.attributes if name.startswith("on") or name == "src"]
    for raw in ("\x1b", "\u202e", "<script"):
        assert raw not in result.stdout
    assert "\\u202e" in result.stdout


def test_it_stands_alone_and_is_the_same_each_time(towline, configuration, report):
    towline("sync", config=configuration(rows("a", {"id": 1}))).expect(0)
    page = report()
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    texts = [towline("report").stdout.splitlines() for _ in range(2)]
    assert [line for line in texts[0] if "As of" not in line] == \
        [line for line in texts[1] if "As of" not in line]


def test_no_more_than_fifty_runs_of_a_stream(towline, configuration, warehouse, report):
    towline("sync", config=configuration(rows("a", {"id": 1}))).expect(0)
    warehouse.execute("""
        WITH RECURSIVE more(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM more WHERE n < 80)
        INSERT INTO _towline_runs SELECT n, 'a', started, finished, status, error, n, bytes_read,
        inserted, updated, unchanged, deleted, schema_changes, '' FROM _towline_runs, more""")
    page = report()
    assert page.tags.count("rect") == 50
    assert "run 31, done" in "".join(page.everything)
    assert "run 30, done" not in "".join(page.everything)


def test_an_old_catalog_and_one_that_is_not_there(towline, configuration, warehouse, report):
    assert "No runs are recorded yet" in "".join(report().everything)
    assert not warehouse.path.exists()
    towline("sync", config=configuration(rows("a", {"id": 1}))).expect(0)
    warehouse.execute("ALTER TABLE _towline_runs DROP COLUMN warnings; PRAGMA user_version = 1")
    assert list(report().articles) == ["a"]


def test_it_reads_beside_a_sync_and_writes_nothing(towline, configuration, warehouse, report):
    towline("sync", config=configuration(rows("a", {"id": 1}))).expect(0)
    before = warehouse.path.read_bytes()
    writer = sqlite3.connect(warehouse.path, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE _towline_runs SET rows_read = 77")
    page = report()
    writer.execute("ROLLBACK")
    writer.execute("PRAGMA journal_mode = DELETE")
    writer.close()
    assert 77 not in page.articles["a"]["values"]
    assert len(before) == len(warehouse.path.read_bytes())


def test_a_file_and_one_stream_alone(towline, configuration, report, tmp_path):
    config = configuration(rows("a", {"id": 1}), rows("b", {"id": 1}))
    towline("sync", config=config).expect(0)
    assert list(report("--stream", "b", config=config).articles) == ["b"]
    towline("report", "--stream", "c", config=config).expect(2, "no stream")
    result = towline("report", "--output", "runs.html").expect(0)
    assert result.stdout == ""
    assert list(Page((tmp_path / "runs.html").read_text()).articles) == ["a", "b"]
    towline("report", "--output", "no/such/folder.html").expect(8, "cannot write the page")


def test_hosts_are_streams_of_their_own(towline, configuration, sshd, report):
    config = configuration(rows("a", {"id": 1}), ssh_host=None,
                           ssh_hosts=[f"{sshd.user}@{sshd.host}:{sshd.port}"], ssh_port=None,
                           ssh_user=None)
    towline("sync", config=config).expect(0)
    page = report("--stream", "a", config=config)
    assert [name for name in page.articles if "@" in name]
