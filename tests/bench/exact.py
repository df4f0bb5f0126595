#!/usr/bin/python3
"""Compares a table with the workload it came from, value by value.

exact.py SOURCE DATABASE [TABLE]   an SQLite database
exact.py SOURCE -                  stdin: names of the columns, then rows, as arrays of text

SOURCE is NDJSON in the order of its ids. Prints one line: "yes", or what is not as it was. What
a number, a time or a nested value looks like is free; what it stands for is not.
"""
import collections
import decimal
import json
import re
import sqlite3
import sys

TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:Z|\+00(?::00)?)?")


def parse(text):
    """JSON with every digit of every number."""
    return json.loads(text, parse_float=decimal.Decimal)


def number_of(value):
    """The number that a database shows as an integer, a float or text; None if it is none."""
    if isinstance(value, int):
        return value
    try:
        return decimal.Decimal(repr(value) if isinstance(value, float) else value)
    except (decimal.InvalidOperation, TypeError, ValueError):
        return None


def time_of(text):
    """A time by its digits alone, or None."""
    match = TIME.fullmatch(text)
    return match and match.groups()


def same(wanted, found):
    """Whether what the database holds is the source's value."""
    if wanted is None or found is None:
        return wanted is found
    if isinstance(wanted, bool):
        return found in ((1, "1", "true") if wanted else (0, "0", "false"))
    if isinstance(wanted, (int, decimal.Decimal)):
        return wanted == number_of(found)
    if isinstance(wanted, str):
        if wanted == found:
            return True
        return isinstance(found, str) and time_of(wanted) is not None \
            and time_of(wanted) == time_of(found)
    try:
        return wanted == parse(found)
    except (TypeError, ValueError):
        return False


def shown(value):
    """A value on one line, without control characters."""
    return str(value) if isinstance(value, decimal.Decimal) else repr(value)


def sqlite_rows(path, table):
    """The columns' names, then each row."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    cursor = connection.execute(f'SELECT * FROM "{table}" ORDER BY id')
    yield [column[0] for column in cursor.description]
    yield from cursor


def compare(source, rows):
    """What differs: a count per column, and how many rows are on one side only."""
    names = next(rows)
    differing, examples = collections.Counter(), {}
    found = total = 0
    missing = object()
    for line in source:
        row = parse(line)
        total += 1
        got = next(rows, None)
        if got is None:
            break
        found += 1
        got = dict(zip(names, got))
        for name, value in row.items():
            if not same(value, got.get(name, missing)):
                differing[name] += 1
                examples.setdefault(name, (value, got.get(name)))
    total += sum(1 for _ in source)
    extra = sum(1 for _ in rows)
    return total, found + extra, differing, examples


def main():
    """Compares and says what was found."""
    with open(sys.argv[1], encoding="utf-8") as source:
        rows = (json.loads(line) for line in sys.stdin) if sys.argv[2] == "-" \
            else sqlite_rows(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "t")
        total, found, differing, examples = compare(source, iter(rows))
    if total != found:
        print(f"no: {found} rows instead of {total}")
    elif differing:
        name = next(iter(differing))
        value, got = examples[name]
        print(f"no: {sum(differing.values())} values in {len(differing)} columns, "
              f"such as {name}: {shown(value)} became {shown(got)}")
    else:
        print("yes")


main()
