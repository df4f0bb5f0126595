"""Every public header alone is valid pedantic C17 and C++: it brings what it uses."""
import subprocess

import tree

COMPILERS = (
    ("gcc", "-std=c17", "-x", "c"),
    ("clang", "-std=c17", "-x", "c"),
    ("g++", "-std=c++17", "-x", "c++"),
)
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")


def complaint(compiler, include, source):
    """What the compiler says of the source; empty if it takes it."""
    run = subprocess.run([*compiler, *WARNINGS, "-I", include, "-fsyntax-only", "-"],
                         input=source, capture_output=True, text=True)
    return run.stderr.strip() if run.returncode != 0 else ""


def main():
    """Checks that a bad header would be found, then each header with each compiler."""
    include = tree.ROOT / "sdk" / "include"
    headers = tree.files(".h", under=("sdk/include/",))
    assert complaint(COMPILERS[0], include, "size_t f(void);\n")
    found = []
    for header in headers:
        for compiler in COMPILERS:
            said = complaint(compiler, include, f"#include <{header.relative_to(include)}>\n")
            if said:
                found.append(f"{tree.name(header)}: {compiler[0]}: {said}")
    tree.verdict(found, headers)


if __name__ == "__main__":
    main()
