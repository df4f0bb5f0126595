"""requirements.md names each package of fixtures/packages, and no package it does not list."""
import re

import tree

listed = {line.strip() for line in (tree.ROOT / "fixtures/packages").read_text().splitlines()
          if line.strip() and not line.startswith("#")}
page = (tree.ROOT / "requirements.md").read_text()
# A package is the first cell of a table's row: | `name` | ... |, or several, with commas.
cells = re.findall(r"^\|([^|]*)\|", page, re.MULTILINE)
explained = {name for cell in cells for name in re.findall(r"`([a-z0-9][a-z0-9.+-]+)`", cell)}
tree.verdict([f"requirements.md: does not explain {name}" for name in sorted(listed - explained)] +
             [f"fixtures/packages: does not list {name}" for name in sorted(explained - listed)],
             listed)
