"""What lies in packaging/ for Airbyte and Meltano is true of the program."""
import json
import pathlib
import re
import subprocess
import uuid

import jsonschema
import pytest
import yaml
from test_sync import echo, stream

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"


@pytest.fixture(scope="module")
def tap(program, tmp_path_factory):
    """The program under its name as a tap."""
    path = tmp_path_factory.mktemp("bin") / "tap-ssh"
    path.symlink_to(program)
    return path


@pytest.mark.parametrize("name, form", [("tap-ssh.yml", "hub"), ("meltano.yml", "meltano")])
def test_definitions_for_meltano_are_up_to_date(tap, name, form):
    maker = PACKAGING / "meltano" / "make-definition"
    made = subprocess.run([maker, tap, form], check=True, capture_output=True, text=True).stdout
    assert (PACKAGING / "meltano" / name).read_text() == made, \
        f"make it anew: packaging/meltano/make-definition build/tap-ssh {form}"
    plugin = yaml.safe_load(made)
    if form == "meltano":
        plugin = plugin["plugins"]["extractors"][0]
    about = json.loads(subprocess.run([tap, "--about", "--format=json"], check=True,
                                      capture_output=True).stdout)
    assert [each["name"] for each in plugin["settings"]] == list(about["settings"]["properties"])
    assert plugin["capabilities"] == about["capabilities"]
    assert plugin["executable"] == "tap-ssh" and "pip_url" not in plugin
    kinds = {"string", "integer", "boolean", "password", "options", "array", "object"}
    assert {each["kind"] for each in plugin["settings"]} <= kinds


TEXT = {"type": "string", "minLength": 1}
METADATA = {
    "type": "object", "required": ["metadataSpecVersion", "data"], "properties": {
        "metadataSpecVersion": {"const": "1.0"},
        "data": {
            "type": "object",
            "required": ["name", "definitionId", "connectorType", "dockerRepository",
                         "dockerImageTag", "license", "documentationUrl", "githubIssueLabel",
                         "connectorSubtype", "releaseStage"],
            "properties": {
                "name": TEXT, "license": TEXT, "dockerRepository": TEXT,
                "definitionId": {"type": "string", "format": "uuid"},
                "connectorType": {"enum": ["source", "destination"]},
                "connectorSubtype": {"enum": ["api", "database", "datalake", "file", "custom",
                                              "message_queue", "unknown", "vectorstore"]},
                "dockerImageTag": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
                "documentationUrl": {"type": "string", "pattern": "^https://"},
                "releaseStage": {"enum": ["alpha", "beta", "generally_available", "custom"]},
                "supportLevel": {"enum": ["community", "certified", "archived"]},
                "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+:"}},
            },
        },
    },
}


def test_airbyte_metadata_has_what_the_registry_asks_for():
    metadata = yaml.safe_load((PACKAGING / "airbyte" / "metadata.yaml").read_text())
    jsonschema.validate(metadata, METADATA, format_checker=jsonschema.FormatChecker())
    uuid.UUID(metadata["data"]["definitionId"])


SETTING = {
    "type": "object", "required": ["name", "kind"], "additionalProperties": False,
    "properties": {
        "name": TEXT, "label": TEXT, "description": TEXT, "value": {}, "env": TEXT,
        "sensitive": {"const": True},
        "kind": {"enum": ["string", "integer", "boolean", "decimal", "date_iso8601", "email",
                          "password", "oauth", "options", "file", "array", "object", "hidden"]},
        "options": {"type": "array", "items": {
            "type": "object", "required": ["label", "value"], "additionalProperties": False,
            "properties": {"label": {}, "value": {}}}},
    },
    "if": {"properties": {"kind": {"const": "options"}}}, "then": {"required": ["options"]},
}
PLUGIN = {
    "type": "object", "required": ["name", "namespace", "variant", "capabilities", "settings"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^tap-"}, "namespace": {"pattern": "^tap_[a-z0-9_]+$"},
        "variant": TEXT, "label": TEXT, "description": TEXT, "executable": TEXT, "usage": TEXT,
        "quality": {"enum": ["gold", "silver", "bronze", "unknown"]},
        "maintenance_status": {"enum": ["active", "beta", "development", "inactive", "unknown"]},
        "keywords": {"type": "array", "items": TEXT},
        "capabilities": {"type": "array", "uniqueItems": True, "items": {
            "enum": ["properties", "catalog", "discover", "state", "about", "stream-maps",
                     "schema-flattening", "activate-version", "batch", "test", "log-based",
                     "structured-logging"]}},
        "settings": {"type": "array", "items": SETTING},
        "settings_group_validation": {"type": "array", "items": {"type": "array", "items": TEXT}},
    },
}


def test_definitions_for_meltano_keep_to_its_syntax():
    hub = yaml.safe_load((PACKAGING / "meltano" / "tap-ssh.yml").read_text())
    project = yaml.safe_load((PACKAGING / "meltano" / "meltano.yml").read_text())
    for plugin in (hub, *project["plugins"]["extractors"]):
        jsonschema.validate(plugin, PLUGIN)
        names = {setting["name"] for setting in plugin["settings"]}
        assert {name for group in plugin.get("settings_group_validation", [])
                for name in group} <= names
    assert {"quality", "settings_group_validation"} <= set(hub)


def meltano_config(plugin, wanted):
    """The file that Meltano writes: its defaults, and what the user set; "a.b" is nested."""
    config = {setting["name"]: setting["value"] for setting in plugin["settings"]
              if "value" in setting}
    for name, value in wanted.items():
        inner = config
        *path, last = name.split(".")
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return {name: value for name, value in config.items() if value is not None}


@pytest.mark.parametrize("nested", [False, True])
def test_meltano_runs_the_tap_with_its_own_calls(tap, sshd, configuration, tmp_path, nested):
    project = yaml.safe_load((PACKAGING / "meltano" / "meltano.yml").read_text())
    wanted = configuration(stream(echo('[{"id":1,"a":2}]'), "rows", cursor="id"))
    if nested:
        wanted = {"tunnel_method.tunnel_method": "SSH_KEY_AUTH", "tunnel_method.tunnel_host": sshd.host,
                  "tunnel_method.tunnel_port": sshd.port, "tunnel_method.tunnel_user": sshd.user,
                  "tunnel_method.ssh_key": sshd.key.read_text(), "streams": wanted["streams"],
                  "ssh_known_hosts_path": wanted["ssh_known_hosts_path"]}
    run = tmp_path / "run"
    run.mkdir()
    config = meltano_config(project["plugins"]["extractors"][0], wanted)
    for name, content in (("config", config), ("state", {})):
        (run / f"tap.{name}.json").write_text(json.dumps(content))
    environment = {"PATH": f"{tap.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}

    def call(*words):
        done = subprocess.run(["tap-ssh", "--config", run / "tap.config.json", *words], cwd=tmp_path,
                              capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done
        return done.stdout

    catalog = json.loads(call("--discover"))
    for each in catalog["streams"]:
        each["selected"] = True
        for entry in each["metadata"]:
            entry["metadata"]["selected"] = True
    (run / "tap.properties.json").write_text(json.dumps(catalog))
    for state in ([], ["--state", run / "tap.state.json"]):
        messages = [json.loads(line) for line in
                    call("--catalog", run / "tap.properties.json", *state).splitlines()]
        assert [each["record"] for each in messages if each["type"] == "RECORD"] == [
            {"id": 1, "a": 2}]
        (run / "tap.state.json").write_text(json.dumps(messages[-1]["value"]))


def test_airbyte_metadata_and_image_agree(tap):
    version = subprocess.run([tap, "--version"], check=True, capture_output=True,
                             text=True).stdout.split()[-1]
    data = yaml.safe_load((PACKAGING / "airbyte" / "metadata.yaml").read_text())["data"]
    image = (PACKAGING / "airbyte" / "Dockerfile").read_text()
    assert data["dockerImageTag"] == version
    assert f"io.airbyte.name={data['dockerRepository']} io.airbyte.version={version}" in image
    assert 'ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/source-ssh"' in image
    assert 'ENTRYPOINT ["/usr/local/bin/source-ssh"]' in image
    assert "--uid 1000" in image and "\nUSER airbyte\n" in image
    assert data["maxSecondsBetweenMessages"] >= 2 * 60  # the sign of life comes each minute
    assert (PACKAGING / "airbyte" / data["icon"]).exists()
    tests = yaml.safe_load((PACKAGING / "airbyte" / "acceptance-test-config.yml").read_text())
    assert set(tests["acceptance_tests"]) >= {"spec", "connection", "discovery", "basic_read"}


def test_the_image_has_the_libraries_that_the_program_needs(program):
    needed = subprocess.run(["readelf", "-d", program], check=True, capture_output=True,
                            text=True).stdout
    image = (PACKAGING / "airbyte" / "Dockerfile").read_text()
    packages = {"libcjson": "libcjson1", "libcurl": "libcurl4", "libnghttp2": "libnghttp2-14",
                "libprotobuf-c": "libprotobuf-c1", "libsqlite3": "libsqlite3-0",
                "libcrypto": "libssl3", "libssl": "libssl3", "libz": "zlib1g"}
    for library in re.findall(r"Shared library: \[([a-z0-9-]+?)\.so", needed):
        if library in ("libc", "libm", "libasan", "libubsan", "ld-linux-x86-64"):
            continue
        assert packages[library] in image, library
