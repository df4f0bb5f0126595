"""Dependencies point down, and each third-party header has one room: house rule on includes."""
import re

import tree

PUBLIC = {"towline"}
BASE = PUBLIC | {"base"}
ROWS = BASE | {"rows"}
JSON = ROWS | {"json"}
CSV = ROWS | {"csv"}
CONFIG = BASE | {"config"}
DESTINATIONS = ROWS | {"destinations"}
SYNC = DESTINATIONS | JSON | CSV | CONFIG | {"sync"}
FRONTENDS = SYNC | {"frontends"}

# The rooms that files in a folder may include from; "." is the connector's own folder. The
# longest matching folder decides.
MAY_INCLUDE = {
    "sdk/include/towline/": PUBLIC,
    "sdk/examples/": PUBLIC,
    "sdk/base/": BASE,
    "sdk/rows/": ROWS,
    "sdk/json/": JSON,
    "sdk/csv/": CSV,
    "sdk/config/": CONFIG,
    "sdk/destinations/": DESTINATIONS,
    "sdk/sync/": SYNC,
    "sdk/frontends/": FRONTENDS,
    "connector/": BASE | {".", "commands", "sources", "ssh", "tunnel"},
    "connector/tunnel/": BASE | {"ssh", "tunnel"},
    "connector/ssh/": BASE | {"ssh"},
}

# Third-party headers, and the only places that may know them.
ONLY_IN = {
    r"libssh2.*\.h": ("connector/ssh/",),
    r"sqlite3\.h": ("sdk/destinations/sqlite", ),
    r"libpq-fe\.h": ("sdk/destinations/postgresql",),
    r"curl/.*": ("connector/sources/http", "sdk/destinations/clickhouse"),
    r"(cjson/)?cJSON\.h": ("sdk/config/", "sdk/sync/", "sdk/frontends/"),
    r"nghttp2/.*": ("sdk/frontends/fivetran/grpc/",),
    r"zlib\.h": ("sdk/frontends/fivetran/grpc/", "connector/sources/http_unpack"),
    r"protobuf-c/.*|requests\.pb-c\.h": ("sdk/frontends/fivetran/",),
    r"openssl/.*": ("connector/ssh/", "sdk/sync/key_hash"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def rooms_of(path):
    """The rooms that a file may include from; None where the rule says nothing."""
    folders = [folder for folder in MAY_INCLUDE if path.startswith(folder)]
    return MAY_INCLUDE[max(folders, key=len)] if folders else None


def breaches_of(path, text):
    """The includes of one file that break the rule."""
    allowed = rooms_of(path)
    if allowed is None:
        return
    for bracket, header in INCLUDE.findall(text):
        room = header.split("/")[0] if "/" in header else "."
        if bracket == '"' and room not in allowed:
            yield f"{path}: includes {header}, allowed are: {', '.join(sorted(allowed))}"
        for pattern, places in ONLY_IN.items():
            if re.fullmatch(pattern, header) and not path.startswith(places):
                yield f"{path}: includes {header}, which belongs to {', '.join(places)} alone"


def main():
    """Checks the rule itself on made-up files, then the tree."""
    assert list(breaches_of("sdk/base/a.c", '#include "ssh/session.h"\n'))
    assert list(breaches_of("connector/ssh/a.c", '#include "stream.h"\n'))
    assert list(breaches_of("sdk/json/a.c", '# include <libssh2.h>\n'))
    assert list(breaches_of("sdk/sync/a.h", '#include "frontends/frontend.h"\n'))
    assert not list(breaches_of("connector/ssh/a.c", '#include <libssh2.h>\n'))
    sources = tree.files(".c", ".h", under=("sdk/", "connector/"))
    tree.verdict([breach for path in sources
                  for breach in breaches_of(tree.name(path), path.read_text())], sources)


main()
