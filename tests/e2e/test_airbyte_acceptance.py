"""Airbyte's acceptance tests in small: each section of packaging/airbyte/acceptance-test-config.yml
is run as its own runner would, against a real server in the place of the sample's host."""
import copy
import json
import pathlib
import subprocess

import jsonschema
import pytest
import yaml
from airbyte import Airbyte

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "airbyte"
SECTIONS = yaml.safe_load((FOLDER / "acceptance-test-config.yml").read_text())["acceptance_tests"]
CONFIG = "secrets/config.json"


@pytest.fixture
def airbyte(towline):
    """The platform in small."""
    return Airbyte(towline)


@pytest.fixture
def load(sshd):
    """load(path) -> what the file that the configuration names holds; the secret one is made of the
    sample."""

    def load(path):
        if path != CONFIG:
            return json.loads((FOLDER / path).read_text())
        config = json.loads((FOLDER / "integration_tests" / "sample_config.json").read_text())
        config["tunnel_method"].update(tunnel_host=sshd.host, tunnel_port=sshd.port,
                                       tunnel_user=sshd.user, ssh_key=sshd.key.read_text())
        found = subprocess.run(["ssh-keygen", "-lf", sshd.known_hosts], check=True,
                               capture_output=True, text=True).stdout.split()
        return {**config, "ssh_host_key_sha256": found[1]}

    return load


def each_of(section):
    """The tests of a section, as parameters."""
    return pytest.mark.parametrize("test", SECTIONS[section]["tests"])


def test_all_files_exist():
    named = [value for section in SECTIONS.values() for test in section["tests"]
             for value in yaml.safe_dump(test).split() if "/" in value]
    assert named and all(path == CONFIG or (FOLDER / path).exists() for path in named)


@each_of("spec")
def test_spec(airbyte, load, test):
    spec = airbyte.spec()
    jsonschema.Draft7Validator.check_schema(spec)
    jsonschema.validate(load(test["config_path"]), spec)


@each_of("connection")
def test_connection(airbyte, load, test):
    config = load(test["config_path"])
    jsonschema.validate(config, airbyte.spec())
    status = airbyte.check(config).expect(0).one("CONNECTION_STATUS")["status"]
    assert status == {"succeed": "SUCCEEDED", "failed": "FAILED"}[test["status"]]


@each_of("discovery")
def test_discovery(airbyte, load, test):
    streams = airbyte.streams(load(test["config_path"]))
    wanted = load("integration_tests/configured_catalog.json")["streams"]
    assert set(streams) == {each["stream"]["name"] for each in wanted}
    for each in wanted:
        found = streams[each["stream"]["name"]]
        assert found["json_schema"]["properties"] == each["stream"]["json_schema"]["properties"]
        assert [found["default_cursor_field"][0], *[key[0] for key in
                found["source_defined_primary_key"]]] == [each["cursor_field"][0], "id"]
        assert each["sync_mode"] in found["supported_sync_modes"]


@each_of("basic_read")
def test_basic_read(airbyte, load, test):
    catalog = load(test["configured_catalog_path"])
    messages = airbyte.read(load(test["config_path"]), catalog).expect(0)
    lines = (FOLDER / test["expect_records"]["path"]).read_text().splitlines()
    expected = [json.loads(line) for line in lines]
    assert [(row["stream"], row["data"]) for row in messages.of("RECORD")] == [
        (row["stream"], row["data"]) for row in expected]
    for each in catalog["streams"]:
        for row in messages.rows(each["stream"]["name"]):
            jsonschema.validate(row, each["stream"]["json_schema"])
    broken = copy.deepcopy(load(test["config_path"]))
    broken["tunnel_method"]["tunnel_port"] = 1
    failed = airbyte.read({**broken, "retry_attempts": 0}, catalog)
    assert failed.code != 0 and failed.errors()[0]["message"]


@each_of("full_refresh")
def test_full_refresh(airbyte, load, test):
    catalog = load(test["configured_catalog_path"])
    for each in catalog["streams"]:
        each["sync_mode"] = "full_refresh"
    first, second = (airbyte.read(load(test["config_path"]), catalog).expect(0) for _ in "12")
    rows = [[row["data"] for row in messages.of("RECORD")] for messages in (first, second)]
    assert rows[0] and rows[0] == rows[1]


@each_of("incremental")
def test_incremental(airbyte, load, test):
    catalog, config = load(test["configured_catalog_path"]), load(test["config_path"])
    first = airbyte.read(config, catalog).expect(0)
    for state in first.of("STATE"):
        since = state["stream"]["stream_state"]["state"]["cursor"]
        again = airbyte.read(config, catalog, [state]).expect(0).rows("users")
        assert again and all(row["updated_at"] >= since for row in again)
    future = load(test["future_state"]["future_state_path"])
    messages = airbyte.read(config, catalog, future).expect(0)
    assert not messages.of("RECORD")
    assert messages.states("users")[-1][0]["state"] == future[0]["stream"]["stream_state"]["state"]
