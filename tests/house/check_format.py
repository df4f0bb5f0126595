"""clang-format has nothing to change."""
import subprocess

import tree

sources = tree.files(".c", ".h")
run = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], capture_output=True,
                     text=True)
wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if ": error:" in line})
tree.verdict([f"{path}: run clang-format -i" for path in wrong] or
             ([run.stderr] if run.returncode else []), sources)
