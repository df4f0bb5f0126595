"""What the house checks share: the files of the tree, and how a check reports."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*suffixes, under=("",)):
    """The files of the tree with one of the suffixes (all, if none): those git knows or would
    add; without git, all that are not in a build folder."""
    git = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached",
                          "--others", "--exclude-standard"], capture_output=True, text=True)
    if git.returncode == 0:
        names = [name for name in git.stdout.split("\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names
                 if not name.startswith(("build", ".git/")) and "__pycache__" not in name]
    return [ROOT / name for name in sorted(set(names))
            if name.endswith(suffixes or ("",)) and name.startswith(tuple(under))
            and (ROOT / name).is_file()]


def name(path):
    """A path as it is written in a report."""
    return str(path.relative_to(ROOT))


def verdict(breaches, looked_at):
    """Prints the breaches and exits: 1 if there are any, or if nothing was looked at."""
    for breach in breaches:
        print(breach)
    if not looked_at:
        print("nothing to check: the check is looking in the wrong place")
    sys.exit(1 if breaches or not looked_at else 0)
