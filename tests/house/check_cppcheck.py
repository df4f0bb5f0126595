"""cppcheck finds nothing in our own code."""
import subprocess

import tree

SUPPRESSED = (
    "missingIncludeSystem",  # it brings its own models of the system's headers
    "normalCheckLevelMaxBranches",  # a remark about itself
    "getpwentCalled:sdk/examples/accounts.c",  # the one thread that reads the accounts
    "unmatchedSuppression",  # a header may be looked at without the file that needs one
)

sources = tree.files(".c", under=("sdk/", "connector/"))
run = subprocess.run(
    ["cppcheck", "--quiet", "--enable=warning,performance,portability", "--inline-suppr",
     "--std=c11", "--library=posix", "-D_GNU_SOURCE", "-D__GNUC__", "--error-exitcode=1", "-j2",
     "--template={file}:{line}: {message} [{id}]", "-Isdk", "-Isdk/include", "-Iconnector",
     *[f"--suppress={name}" for name in SUPPRESSED], *map(tree.name, sources)],
    cwd=tree.ROOT, capture_output=True, text=True)
found = (run.stdout + run.stderr).splitlines()
tree.verdict(found or ([f"cppcheck: exit {run.returncode}"] if run.returncode else []), sources)
