#!/usr/bin/python3
"""The peer that upstream's example is: paramiko, json.loads of each line, one execute per row.

per_row.py HOST PORT USER KEY KNOWN_HOSTS DATABASE COMMAND
"""
import json
import sqlite3
import sys

import paramiko

INTEGERS = range(-2**63, 2**63)


def storable(value):
    """What sqlite3 can bind: nested values as JSON, integers past 64 bits as text."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, int) and value not in INTEGERS:
        return str(value)
    return value


def statements(names):
    """How to make the table for rows with these columns, and how to upsert one."""
    columns = ", ".join(f'"{name}"' for name in names)
    others = [f'"{name}"' for name in names if name != "id"]
    changes = ", ".join(f"{name} = excluded.{name}" for name in others)
    return (f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(others)})",
            f"INSERT INTO t ({columns}) VALUES ({', '.join('?' * len(names))}) "
            f"ON CONFLICT (id) DO UPDATE SET {changes}")


def main():
    """Runs the command and upserts its lines in one transaction."""
    host, port, user, key, known_hosts, database, command = sys.argv[1:]
    client = paramiko.SSHClient()
    client.load_host_keys(known_hosts)
    client.connect(host, int(port), user, key_filename=key, allow_agent=False)
    stdout = client.exec_command(command)[1]
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    statement = None
    for line in stdout:
        row = json.loads(line)
        if statement is None:
            table, statement = statements(row)
            connection.execute(table)
        connection.execute(statement, [storable(value) for value in row.values()])
    connection.commit()
    if stdout.channel.recv_exit_status() != 0:
        sys.exit("per_row.py: the command failed")
    connection.close()
    client.close()


main()
