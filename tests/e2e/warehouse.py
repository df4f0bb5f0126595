"""The SQLite database a sync fills, read from outside as a user would."""
import hashlib
import sqlite3


class Warehouse:
    """Opens the file anew for each question, so that it never stands in a sync's way."""

    def __init__(self, path):
        self.path = path

    def query(self, sql, *values):
        """The rows of a question, as tuples. Not opened read-only: after a crash it is the first
        reader that brings the file back to its last commit."""
        connection = sqlite3.connect(f"file:{self.path}?mode=rw", uri=True, timeout=60)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def execute(self, sql):
        """Changes the database behind the program's back."""
        with sqlite3.connect(self.path) as connection:
            connection.executescript(sql)
        connection.close()

    def tables(self):
        """The names of the data tables: those that are not Towline's own."""
        if not self.path.exists():
            return []
        names = self.query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        return [name for (name,) in names
                if not name.startswith("_towline") and not name.startswith("sqlite_")]

    def columns(self, table):
        """The table's columns that came from the source."""
        names = self.query("SELECT name FROM pragma_table_info(?)", table)
        return [name for (name,) in names if not name.startswith("_towline_")]

    def rows(self, table, *columns, order=1):
        """The rows that are not deleted, with all the source's columns or with those given."""
        chosen = ", ".join(quote(name) for name in columns or self.columns(table))
        return self.query(f"SELECT {chosen} FROM {quote(table)} WHERE NOT _towline_deleted "
                          f"ORDER BY {order}")

    def count(self, table):
        """How many rows are not deleted; 0 if there is no such table."""
        if table not in self.tables():
            return 0
        return self.query(f"SELECT count(*) FROM {quote(table)} WHERE NOT _towline_deleted")[0][0]

    def content(self):
        """All that must not change when a sync fails: data, state and catalog of columns, the
        synced times included. The log of runs is not part of it."""
        if not self.path.exists():
            return {}
        kept = self.tables() + [name for name in ("_towline_state", "_towline_columns")
                                if self.query("SELECT 1 FROM sqlite_schema WHERE name = ?", name)]
        return {name: sorted(self.query(f"SELECT * FROM {quote(name)}"), key=repr)
                for name in kept}

    def is_sound(self):
        """SQLite's own check of the whole file."""
        return self.query("PRAGMA integrity_check") == [("ok",)]


def quote(name):
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def fingerprint(directory):
    """Every file of a directory with the digest of its bytes: nothing may have changed."""
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(directory.rglob("*")) if path.is_file()}
