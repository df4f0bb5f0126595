"""The SDK as others use it: installed into a folder, found by CMake and by pkg-config, and a
connector of one file built on it that has the whole command line."""
import os
import pathlib
import sqlite3
import subprocess

import program
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "sdk" / "examples"


def run(*command, **options):
    """Runs a command that must succeed; gives its stdout."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=300, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(program, tmp_path_factory):
    """A prefix that the SDK of the program's build is installed into."""
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", program.parent, "--prefix", prefix)
    return prefix


@pytest.fixture(scope="module")
def flags(program):
    """The compiler flags of the program's build: a sanitizer must be linked in here, too."""
    cache = (program.parent / "CMakeCache.txt").read_text()
    return next(line.split("=", 1)[1] for line in cache.splitlines()
                if line.startswith("CMAKE_C_FLAGS:"))


@pytest.fixture(scope="module")
def accounts(installed, flags, tmp_path_factory):
    """The example, built by CMake against the installed SDK and nothing else of the tree."""
    source, build = installed / "share/doc/towline/examples", tmp_path_factory.mktemp("build")
    run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={installed}",
        f"-DCMAKE_C_FLAGS={flags}")
    run("cmake", "--build", build)
    return build / "accounts"


def test_example_is_short():
    assert len((EXAMPLE / "accounts.c").read_text().splitlines()) < 60


def test_only_the_public_names_are_global(installed):
    library = next(installed.rglob("libtowline.a"))
    names = [line.split()[-1] for line in run("nm", "-g", "--defined-only", library).splitlines()
             if len(line.split()) == 3]
    assert "tl_main" in names
    assert [name for name in names if not name.startswith("tl_")] == []


def test_pkg_config_builds_it(installed, flags, tmp_path):
    folder = next(installed.rglob("towline.pc")).parent
    environment = {**os.environ, "PKG_CONFIG_PATH": str(folder)}
    options = run("pkg-config", "--cflags", "--libs", "--static", "towline", env=environment)
    run("cc", *flags.split(), EXAMPLE / "accounts.c", "-o", tmp_path / "accounts",
        *options.split())
    assert "accounts" in run(tmp_path / "accounts", "--version")


def test_example_has_the_whole_command_line(accounts, tmp_path):
    (tmp_path / "configuration.json").write_text("{}")
    assert "sync" in run(accounts, "--help")
    dry = run(accounts, "sync", "--dry-run", cwd=tmp_path)
    assert "accounts" in dry
    assert not (tmp_path / "warehouse.db").exists()
    with program.accounts():
        assert "Upserts" in run(accounts, "sync", cwd=tmp_path)
        names = {line.split(":")[0] for line in open("/etc/passwd")}
    with sqlite3.connect(tmp_path / "warehouse.db") as database:
        rows = dict(database.execute("SELECT name, uid FROM accounts"))
    assert rows["root"] == 0
    assert rows.keys() == names
    assert 'CREATE TABLE main."accounts"' in run(accounts, "explain", cwd=tmp_path)
    assert "<h3>accounts</h3>" in run(accounts, "report", cwd=tmp_path)
    typo = subprocess.run([accounts, "snyc"], cwd=tmp_path, capture_output=True, text=True)
    assert typo.returncode == 2 and "sync" in typo.stderr
