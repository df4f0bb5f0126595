"""What is shipped: packages that are whole, the same bytes each time, and that run on a system which
has nothing else."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from program import Towline

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMES = ["usr/bin/source-ssh", "usr/bin/tap-ssh", "usr/bin/towline",
         "usr/share/doc/towline/configuration.example.json", "usr/share/doc/towline/copyright",
         "usr/share/doc/towline/towline.cdx.json", "usr/share/man/man1/towline.1.gz"]
OF_THE_COMPILER = {"libc", "libm", "ld-linux-x86-64", "ld-linux-aarch64"}
# The rest takes root, a network and a minute or two: continuous integration has them.
slow = pytest.mark.skipif(not os.environ.get("CI"), reason="slow: runs where $CI is set")


def run(*command, **options):
    """Runs a program that must end well; returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def libraries_of(program):
    """The shared libraries that a program names, without their versions."""
    return {line.split("[")[1].split(".so")[0] for line in run("readelf", "-d", program).splitlines()
            if "(NEEDED)" in line}


@pytest.fixture(scope="module")
def build(program):
    """The build folder; what sanitizers are in is not shipped."""
    folder = program.parent
    if "-fsanitize" in (folder / "CMakeCache.txt").read_text():
        pytest.skip("a build with sanitizers is not packed")
    return folder


def pack(build, folder):
    """Makes the packages; returns them: .deb, .tar.gz."""
    run("cpack", "--config", build / "CPackConfig.cmake", "-B", folder, cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
    return [next(folder.glob(pattern)) for pattern in ("*.deb", "*.tar.gz")]


@pytest.fixture(scope="module")
def packages(build, tmp_path_factory):
    """The packages of this build."""
    return pack(build, tmp_path_factory.mktemp("packages"))


def test_packages_are_whole_and_the_same_each_time(build, packages, tmp_path):
    again = pack(build, tmp_path)
    assert [one.read_bytes() for one in packages] == [one.read_bytes() for one in again]
    run("dpkg-deb", "-x", packages[0], tmp_path / "deb")
    (tmp_path / "tar").mkdir()
    run("tar", "-C", tmp_path / "tar", "-xf", packages[1])
    for tree in (tmp_path / "deb", tmp_path / "tar"):
        missing = [name for name in NAMES if not next(tree.rglob(name), None)]
        assert not missing and not list(tree.rglob("*.a")), tree
        links = [next(tree.rglob(name)) for name in ("source-ssh", "tap-ssh")]
        assert [os.readlink(link) for link in links] == ["towline", "towline"]
        assert run(links[0].parent / "towline", "--version") == run(build / "towline", "--version")


def test_the_package_says_what_it_is(packages):
    summary, *more = run("dpkg-deb", "-f", packages[0], "Description").splitlines()
    assert summary and len(more) >= 3
    fields = run("dpkg-deb", "-f", packages[0])
    for field in ("Package: towline", "Version: ", "Architecture: ", "Maintainer: ", "Section: ",
                  "Depends: "):
        assert f"\n{field}" in f"\n{fields}"
    assert "libc6" in run("dpkg-deb", "-f", packages[0], "Depends")


def test_the_program_does_not_say_where_it_was_built(build, program):
    if "CMAKE_BUILD_TYPE:STRING=Debug" in (build / "CMakeCache.txt").read_text():
        pytest.skip("a debugger wants to know")
    assert str(ROOT).encode() not in program.read_bytes()


def test_the_bill_of_materials_names_every_library(build, packages, tmp_path):
    run("dpkg-deb", "-x", packages[0], tmp_path)
    bill = json.loads((tmp_path / "usr/share/doc/towline/towline.cdx.json").read_text())
    named = {part["name"] for part in bill["components"]}
    assert all(part["version"] and part["licenses"] for part in bill["components"])
    known = {"libsqlite3": "sqlite", "libcrypto": "openssl", "libssl": "openssl", "libz": "zlib",
             "libcjson": "cjson", "libcurl": "curl", "libnghttp2": "nghttp2",
             "libprotobuf-c": "protobuf-c"}
    libraries = libraries_of(tmp_path / "usr/bin/towline") - OF_THE_COMPILER
    assert {known.get(name, name) for name in libraries} <= named
    assert "libssh2" in named


def test_the_man_page_has_every_command_and_key(build, program):
    page = (build / "packaging/towline.1").read_text().replace("\\-", "-")
    for text in (run(program, "--help"), run(program, "help", "configuration")):
        words = [line.split()[0] for line in text.splitlines() if line[:2] == "  " and
                 line[2:3].isalpha()]
        assert words and not [word for word in words if word not in page]


@slow
def test_it_runs_on_a_bare_system(packages, configuration, tmp_path):
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("a bare system takes root and debootstrap")
    tree = tmp_path / "tree"
    run("debootstrap", "--variant=minbase", "bookworm", tree)
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
    shutil.copy(packages[0], tree / "towline.deb")
    run("chroot", tree, "apt-get", "-q", "-y", "install", "--no-install-recommends",
        "/towline.deb", env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    for name in ("towline", "source-ssh", "tap-ssh"):
        assert run("chroot", tree, name, "--help")
    config = configuration({"table": "t", "primary_key": "id", "command": "echo '[{\"id\":1}]'"})
    for key in ("ssh_private_key_path", "ssh_known_hosts_path"):
        shutil.copy(config[key], tree / "srv")
        config[key] = f"/srv/{pathlib.Path(config[key]).name}"
    (tree / "srv/configuration.json").write_text(json.dumps(config))
    run("chroot", tree, "sh", "-c", "cd /srv && towline sync")
    assert (tree / "srv/warehouse.db").exists()


def not_source(folder, names):
    """Of these names of a folder, those that are no part of the source."""
    return {name for name in names if name == ".git" or (
        name.startswith("build") and pathlib.Path(folder) == ROOT)}


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """make(static) -> the folders that make has built in, and put the program into."""
    folder = tmp_path_factory.mktemp("make")
    work, release = folder / "work", folder / "Release"

    def build_connector(static):
        run("make", "-C", ROOT, "build_connector", f"WORK={work}", f"RELEASE={release}",
            f"STATIC={static}")
        return work, release

    return build_connector


@slow
def test_every_folder_gives_the_same_bytes(make, tmp_path):
    folder = tmp_path / "further-down" / "copy"
    shutil.copytree(ROOT, folder, ignore=not_source)
    run("make", "-C", folder, "build_connector")
    made = []
    for work, release in (make("ON"), (folder / "build/connector", folder / "build/Release")):
        made.append([(release / "towline").read_bytes(),
                     *(one.read_bytes() for one in pack(work, release.parent))])
    assert made[0] == made[1]


@slow
def test_make_builds_one_executable_that_needs_only_libc(make, towline, configuration, tmp_path):
    config = configuration({"table": "t", "primary_key": "id", "command": "echo '[{\"id\":1}]'"})
    for static, libraries in (("ON", OF_THE_COMPILER), ("FULL", set())):
        work, release = make(static)
        made = release / "towline"
        assert list(release.iterdir()) == [made]
        assert libraries_of(made) <= libraries
        for place in (ROOT, work.parent):
            assert str(place).encode() not in made.read_bytes()
        Towline(made, tmp_path)("sync", config=config).expect(0)
