"""No function past 60 lines, no file past 600, and a first line that says what the file is."""
import tree

FUNCTION_LINES = 60
FILE_LINES = 600


def long_functions(lines):
    """(line, length) of each body whose braces stand in the first column and is too long."""
    start = None
    for number, line in enumerate(lines, start=1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_LINES:
                yield start, number - start - 1
            start = None


def has_title(lines):
    """Whether a file begins with a comment, be it after the line that names an interpreter."""
    first = lines[1] if lines and lines[0].startswith("#!") and len(lines) > 1 else \
        lines[0] if lines else ""
    return first.startswith(("/* ", "// ", "# ", '"""'))


def breaches_of(path, text):
    """What is too long in one file, or untitled."""
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield f"{path}: {len(lines)} lines, more than {FILE_LINES}"
    if not has_title(lines):
        yield f"{path}: the first line does not say what the file is"
    for line, length in long_functions(lines) if path.endswith((".c", ".h")) else ():
        yield f"{path}:{line}: a function of {length} lines, more than {FUNCTION_LINES}"


def main():
    """Checks the rule itself on made-up files, then the tree."""
    body = "/* a */\nint f(void)\n{\n" + "    g();\n" * 61 + "}\n"
    assert list(breaches_of("a.c", body))
    assert list(breaches_of("a.c", "int f;\n"))
    assert not list(breaches_of("a.c", body.replace("    g();\n", "", 1)))
    code = tree.files(".c", ".h", ".py", ".sh", ".cmake", "CMakeLists.txt")
    code += [path for folder in ("fixtures/", "tests/run", ".ci/")
             for path in tree.files(under=(folder,)) if path.suffix == ""]
    tree.verdict([breach for path in code
                  for breach in breaches_of(tree.name(path), path.read_text())], code)


main()
