"""The tree speaks of the project only: no paths of somebody's machine, no unfinished business,
no addresses but those that belong here."""
import re

import tree

# Written so that the patterns do not match themselves.
FORBIDDEN = {
    r"(?<![\w.$}])/(?:wor[k]|hom[e]/\w+|roo[t])/": "a path of somebody's machine",
    r"/tm[p]/bash": "a path of somebody's machine",
    r"\bfar[m]\b|\bfar[m]-": "a name from outside the project",
    r"\b(?:TOD[O]|FIXM[E]|XX[X])\b": "unfinished business",
}

# Hosts a file may name in a URL: documentation, the machine itself, and examples (RFC 2606).
HOSTS = re.compile(
    r"(?:localhost|127\.0\.0\.1|\[::1\]|(?:[\w-]+\.)*example(?:\.(?:com|org|net))?|"
    r"github\.com|(?:www\.)?rfc-editor\.org|(?:www\.)?sqlite\.org|(?:www\.)?libssh2\.org|"
    r"(?:www\.)?json\.org|json-schema\.org|docs\.airbyte\.com|(?:www\.)?w3\.org|(?:[\w-]+\.)*[A-Z_${}<%].*)")
URL = re.compile(r"https?://(?:[^/\s@\"'`]*@)?(\[[^\]]*\]|[^/\s:\"'`)>,;\\]+)")


def breaches_of(path, text):
    """The lines of one file that say what they should not."""
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, why in FORBIDDEN.items():
            if found := re.search(pattern, line):
                yield f"{path}:{number}: {found[0]!r}: {why}"
        for host in URL.findall(line):
            if not HOSTS.fullmatch(host):
                yield f"{path}:{number}: {host!r}: not a host this tree may name"


def main():
    """Checks the rule itself on made-up lines, then the tree."""
    assert list(breaches_of("a", "see /wor" + "k/x"))
    assert list(breaches_of("a", "curl https:/" + "/packages.invalid/x"))
    assert not list(breaches_of("a", "curl http://127.0.0.1:5001/x https://github.com/a/b"))
    texts = [path for path in tree.files() if b"\0" not in path.read_bytes()[:8000]]
    tree.verdict([breach for path in texts
                  for breach in breaches_of(tree.name(path), path.read_text(errors="replace"))],
                 texts)


main()
