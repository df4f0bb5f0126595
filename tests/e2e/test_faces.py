"""One source, every way to start the program: the rows are the same, value by value."""
import datetime
import decimal
import json

import fivetran
import pytest
from airbyte import Airbyte, bare, configured
from test_hosts import address, fleet, fleet_of, outputs  # noqa: F401
from test_singer import Tap, select
from test_sync import HARD, echo, stream

ROWS = [
    json.loads(HARD.replace("1e400", "1e40"), parse_float=decimal.Decimal),
    {"id": -5, "text": "line\nbreak \u2028\x85\u2029 \u202e \x7f", "yes": False, "float": 1e-7},
    {"id": 2, "float": 3, "nested": ["\u2028\u20ac"], "day": "2024-02-29", "at": "2024-02-29 10:20:30.5+02:00",
     "naive": "2024-02-29 10:20:30", "late": True, "mixed": 5},
    {"id": 3, "float": -2.5e300, "nested": "text beside objects", "late": "yes", "mixed": 1.5},
    {"id": 4, "float": 0.1, "nested": 7, "mixed": 12345678901234567890, "wide": 9007199254740993},
    {"id": 5, "wide": 0.5, "code": "", "dec": 10 ** 30},
]


class Encoder(json.JSONEncoder):
    """Writes decimals as the numbers that they are."""

    def iterencode(self, o, _one_shot=False):
        marks = {}

        def mark(value):
            if isinstance(value, dict):
                return {key: mark(item) for key, item in value.items()}
            if isinstance(value, list):
                return [mark(item) for item in value]
            if isinstance(value, decimal.Decimal):
                marks[f"\"@{len(marks)}@\""] = str(value)
                return f"@{len(marks) - 1}@"
            return value

        text = "".join(super().iterencode(mark(o), _one_shot))
        for name, value in marks.items():
            text = text.replace(name, value)
        return iter([text])


def number(value):
    """A number of any kind, exactly."""
    return decimal.Decimal(repr(value)) if isinstance(value, float) else decimal.Decimal(value)


def instant(text):
    """A date, a local time, or an instant as its time in UTC."""
    if len(text) == 10:
        return datetime.date.fromisoformat(text)
    moment = datetime.datetime.fromisoformat(text)
    return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment


def is_same(stored, sent):
    """Whether a value in SQLite and one in a platform's JSON are the same."""
    if sent is None or stored is None:
        return sent is stored
    if isinstance(sent, bool):
        return stored in (0, 1) and bool(stored) == sent
    if isinstance(sent, (datetime.date, datetime.datetime)):
        return instant(stored) == sent
    if isinstance(sent, (int, float, decimal.Decimal)):
        return number(stored) == number(sent)
    if isinstance(sent, (dict, list)):
        return json.loads(stored, parse_float=decimal.Decimal) == sent
    if stored == sent or stored.replace(" ", "T") == sent:
        return True
    return json.loads(stored) == sent  # a text in a column of JSON


def parse(line):
    """JSON with every digit."""
    return json.loads(line, parse_float=decimal.Decimal)


def by_key(rows, key):
    """The rows by their key, which none shares."""
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)
    return found


def by_airbyte(towline, config):
    """The rows that Airbyte receives."""
    airbyte = Airbyte(towline)
    messages = airbyte.read(config, configured(airbyte.streams(config)["t"])).expect(0)
    return [parse(line)["record"]["data"] for line in messages.result.stdout.splitlines()
            if '"RECORD"' in line]


def by_singer(towline, config):
    """The rows that a Singer target receives."""
    tap = Tap(towline)
    catalog = {"streams": [select(tap.discover(config)["t"])]}
    result = tap.run(*tap.arguments(config, catalog))
    return [parse(line)["record"] for line in result.stdout.splitlines() if '"RECORD"' in line]


def by_fivetran(towline, config):
    """The rows that Fivetran receives."""
    server = fivetran.Server(towline)
    try:
        client = fivetran.Client(server.port)
        platform = fivetran.Platform(client.schema(configuration=fivetran.flat(config)))
        platform.take_all(client.update(configuration=fivetran.flat(config)))
        client.close()
    finally:
        server.kill()
    return list(platform.rows["t"].values())


FACES = {"airbyte": by_airbyte, "fivetran": by_fivetran, "singer": by_singer}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("key", ["id", "_towline_id"])
def test_every_face_gives_the_rows_of_the_database(towline, configuration, warehouse, face, key):
    source = stream(echo(json.dumps(ROWS, cls=Encoder)), key=("id",) if key == "id" else None)
    config = configuration(source)
    towline("sync", config=config).expect(0)
    names = [*warehouse.columns("t"), *([key] if key != "id" else [])]
    stored = by_key([dict(zip(names, row)) for row in warehouse.rows("t", *names)], key)
    sent = by_key(FACES[face](towline, config), key)
    assert stored.keys() == sent.keys()
    for row in stored:
        assert stored[row].keys() == sent[row].keys()
        for name in names:
            assert is_same(stored[row][name], sent[row][name]), \
                (row, name, stored[row][name], sent[row][name])


def test_many_hosts_are_one_stream_of_a_platform(towline, fleet_of, outputs):
    command = outputs({1: [{"id": 1}], 2: [{"id": 1}, {"id": 2}], 3: []})
    config = fleet_of(stream(command))
    airbyte = Airbyte(towline)
    discovered = airbyte.streams(config)["t"]
    assert discovered["source_defined_primary_key"] == [["_towline_host"], ["id"]]
    messages = airbyte.read(config, configured(discovered)).expect(0)
    wanted = [(address(1), 1), (address(2), 1), (address(2), 2)]
    assert sorted((row["_towline_host"], row["id"]) for row in messages.rows("t")) == wanted
    assert messages.statuses("t") == ["STARTED", "RUNNING", "COMPLETE"]
    assert set(messages.states("t")[-1][0]["state"]) == {address(n) for n in (1, 2, 3)}
    tap = Tap(towline)
    sent = tap.sync(config)
    assert sorted((row["_towline_host"], row["id"]) for row in tap.target.rows("t")) == wanted
    assert [message["type"] for message in sent].count("ACTIVATE_VERSION") == 1
    outputs({1: [{"id": 1}], 2: [{"id": 2}], 3: []})
    again = tap.sync(config, None, tap.target.state)
    assert [message["type"] for message in again].count("ACTIVATE_VERSION") == 1
    assert sorted((row["_towline_host"], row["id"]) for row in tap.target.rows("t")) == [
        (address(1), 1), (address(2), 2)]


def test_a_host_that_fails_is_told_and_nothing_is_dropped(towline, fleet_of, outputs):
    command = outputs({1: [{"id": 1}]}) + " || exit 3"
    config = fleet_of(stream(command), hosts=2)
    airbyte = Airbyte(towline)
    messages = airbyte.read(config, configured({**bare("t"), "json_schema": {}})).expect(10)
    assert messages.statuses("t")[-1] == "INCOMPLETE" and len(messages.rows("t")) == 1
    assert address(2) in messages.errors()[0]["message"]
    tap = Tap(towline)
    assert "ACTIVATE_VERSION" not in [each["type"] for each in tap.sync(config, code=10)]
