"""Links in the documents lead to files and headings that are there."""
import re

import tree

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^\s*```.*?^\s*```", re.MULTILINE | re.DOTALL)


def anchors_of(text):
    """What the headings of a document are called in links to them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
            for heading in headings}


def breaches_of(path, text):
    """The links of one document that lead nowhere."""
    for link in LINK.findall(FENCE.sub("", text)):
        target, _, anchor = link.partition("#")
        place = path.parent / target if target else path
        if re.match(r"[a-z]+:", link):
            continue
        if not place.exists():
            yield f"{tree.name(path)}: {link}: there is no such file"
        elif anchor and anchor not in anchors_of(place.read_text()):
            yield f"{tree.name(path)}: {link}: there is no such heading"


def main():
    """Checks the rule itself on made-up links, then the documents."""
    readme = tree.ROOT / "README.md"
    assert list(breaches_of(readme, "[a](docs/nowhere.md)"))
    assert list(breaches_of(readme, "# A heading\n[a](#another-heading)"))
    assert not list(breaches_of(readme, "[a](LICENSE) [b](https://example.com/x)"))
    documents = tree.files(".md")
    tree.verdict([breach for path in documents
                  for breach in breaches_of(path, path.read_text())], documents)


main()
