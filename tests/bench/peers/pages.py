#!/usr/bin/python3
"""The peers that upstream's examples are: requests through SSHTunnelForwarder ("sshtunnel"), or over
a channel of paramiko's without a port ("paramiko"), page by page, one execute per row. The session
keeps its connection, as the best of them would.

pages.py sshtunnel|paramiko HOST PORT USER KEY URL DATABASE
"""
import contextlib
import sqlite3
import sys
import urllib.parse

import paramiko
import requests
import requests.adapters
import urllib3

# sshtunnel asks paramiko for a type of key that newer ones no longer have.
paramiko.DSSKey = getattr(paramiko, "DSSKey", paramiko.RSAKey)
from sshtunnel import SSHTunnelForwarder  # noqa: E402


def statements(names):
    """How to make the table for rows with these columns, and how to upsert one."""
    others = [name for name in names if name != "id"]
    changes = ", ".join(f"{name} = excluded.{name}" for name in others)
    return (f"CREATE TABLE t (id TEXT PRIMARY KEY, {', '.join(others)})",
            f"INSERT INTO t ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
            f"ON CONFLICT (id) DO UPDATE SET {changes}")


def pages(session, base, url):
    """The rows of each page."""
    while url:
        parts = urllib.parse.urlsplit(url)
        answer = session.get(f"{base}{parts.path}?{parts.query}", timeout=60)
        answer.raise_for_status()
        page = answer.json()
        yield page["data"]
        url = page["next_page_url"]


@contextlib.contextmanager
def through_sshtunnel(host, port, user, key, target):
    """A session, and where it finds the service: a local port."""
    with SSHTunnelForwarder((host, int(port)), ssh_username=user, ssh_pkey=key, allow_agent=False,
                            remote_bind_address=(target.hostname, target.port)) as tunnel, \
            requests.Session() as session:
        yield session, f"http://127.0.0.1:{tunnel.local_bind_port}"


@contextlib.contextmanager
def through_paramiko(host, port, user, key, target):
    """The same over a channel."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(host, int(port), user, key_filename=key, allow_agent=False)

    class Connection(urllib3.connection.HTTPConnection):
        """Its socket is a channel."""

        def _new_conn(self):
            return client.get_transport().open_channel(
                "direct-tcpip", (target.hostname, target.port), ("127.0.0.1", 0))

    class Adapter(requests.adapters.HTTPAdapter):
        """One pool of such connections."""

        pool = urllib3.HTTPConnectionPool(target.hostname, target.port)

        def get_connection(self, *_):
            self.pool.ConnectionCls = Connection
            return self.pool

    with client, requests.Session() as session:
        session.mount("http://", Adapter())
        yield session, f"http://{target.netloc}"


def main():
    """Syncs all pages in one transaction."""
    way, host, port, user, key, url, database = sys.argv[1:]
    through = {"sshtunnel": through_sshtunnel, "paramiko": through_paramiko}[way]
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    statement = None
    with through(host, port, user, key, urllib.parse.urlsplit(url)) as (session, base):
        session.trust_env = False
        for rows in pages(session, base, url):
            for row in rows:
                if statement is None:
                    table, statement = statements(row)
                    connection.execute(table)
                connection.execute(statement, list(row.values()))
    connection.commit()
    connection.close()


main()
