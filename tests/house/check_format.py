"""clang-format has nothing to change, and no comment is a banner."""
import re
import subprocess

import tree

BANNER = re.compile(r"^\s*(?:/\*|//) ?[-=*]{2,}")

sources = tree.files(".c", ".h")
run = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], capture_output=True,
                     text=True)
wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if ": error:" in line})
banners = [f"{tree.name(path)}:{number}: a banner: {line}" for path in sources
           for number, line in enumerate(path.read_text().splitlines(), start=1)
           if BANNER.match(line)]
tree.verdict([f"{path}: run clang-format -i" for path in wrong] + banners or
             ([run.stderr] if run.returncode else []), sources)
