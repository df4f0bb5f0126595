"""What lies in packaging/ for Airbyte and Meltano is true of the program."""
import json
import pathlib
import re
import subprocess

import pytest
import yaml

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
