"""The control of the sync proof: a Python that has this folder on its path opens SQLite without
syncs, whatever the program asks for. Only the tests put it there."""

import sqlite3
import sqlite3.dbapi2


def unsynced(sql: str) -> str:
    """The statement, unless it asks for syncs."""
    asks = sql.lower().replace(" ", "").startswith("pragmasynchronous=")
    return "PRAGMA synchronous=OFF" if asks else sql


class Cursor(sqlite3.Cursor):
    def execute(self, sql, *values):
        return super().execute(unsynced(sql), *values)


class Connection(sqlite3.Connection):
    def execute(self, sql, *values):
        return super().execute(unsynced(sql), *values)

    def cursor(self, factory=Cursor):
        return super().cursor(factory)


_connect = sqlite3.connect


def connect(*args, **options):
    return _connect(*args, **{"factory": Connection, **options})


sqlite3.connect = sqlite3.dbapi2.connect = connect
