"""No space left: exit 8, the old rows untouched, and the next run goes on once there is space."""
import os
import resource
import subprocess

import pytest
from warehouse import Warehouse

ROWS = 100_000
KEPT = {"table": "t", "primary_key": ["id"], "command": "echo '[{\"id\":0,\"v\":\"kept\"}]'"}
LARGE = {"table": "t", "primary_key": ["id"],
         "command": f"seq {ROWS} | sed 's/.*/{{\"id\":&,\"v\":\"a row of some length, &\"}}/'"}
MEBIBYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A file system of two mebibytes; gives its folder and how to make it larger."""
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    path = tmp_path / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o"]
    if subprocess.run([*mount, "size=2m", "tmpfs", path], capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield path, lambda: subprocess.run([*mount, "remount,size=64m", "tmpfs", path], check=True)
    subprocess.run(["umount", "-l", path], check=True)


def test_full_file_system(towline, configuration, small_disk):
    folder, grow = small_disk
    warehouse = Warehouse(folder / "warehouse.db")
    destination = ("--destination", f"sqlite:{warehouse.path}")
    towline("sync", *destination, config=configuration(KEPT)).expect(0)
    before = warehouse.content()
    towline("sync", *destination, config=configuration(LARGE)).expect(8, "warehouse.db", "full")
    grow()
    assert warehouse.content() == before and warehouse.is_sound()
    towline("sync", *destination, config=configuration(LARGE)).expect(0)
    assert warehouse.count("t") == ROWS + 1


def test_file_size_limit(towline, configuration, warehouse):
    towline("sync", config=configuration(KEPT)).expect(0)
    before = warehouse.content()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, MEBIBYTE))

    process = towline.start("sync", config=configuration(LARGE), preexec_fn=limit)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 8, stderr.decode()
    assert warehouse.content() == before and warehouse.is_sound()
    towline("sync", config=configuration(LARGE)).expect(0)
    assert warehouse.count("t") == ROWS + 1
