"""A session with PostgreSQL: a test asks hundreds of times, and a program and a connection for each would be most of
what the test costs.

Answers look as psql's do with -XAt. Each question finds the session as new: whatever the one before it has set is
discarded. A session that the server ended, or that was left open over a kill of the server, is opened again.
"""

import ctypes
import re
import threading

CONNECTION_OK = 0
EMPTY_QUERY, COMMAND_OK, TUPLES_OK = 0, 1, 2
VALUE = re.compile(r":'v(\d+)'")
SILENCE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(lambda *_: None)  # for notices


class DatabaseError(RuntimeError):
    """What the server said."""


def load():
    """libpq, with the types of what is used here."""
    pq = ctypes.CDLL("libpq.so.5")
    text, pointer, number = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int
    for name, result, *arguments in [
            ("PQconnectdb", pointer, text), ("PQfinish", None, pointer), ("PQstatus", number, pointer),
            ("PQerrorMessage", text, pointer), ("PQsendQuery", number, pointer, text),
            ("PQgetResult", pointer, pointer), ("PQresultStatus", number, pointer),
            ("PQresultErrorMessage", text, pointer), ("PQclear", None, pointer), ("PQntuples", number, pointer),
            ("PQnfields", number, pointer), ("PQgetvalue", text, pointer, number, number),
            ("PQescapeLiteral", pointer, pointer, text, ctypes.c_size_t), ("PQfreemem", None, pointer),
            ("PQsetNoticeProcessor", pointer, pointer, type(SILENCE), pointer)]:
        function = getattr(pq, name)
        function.restype, function.argtypes = result, arguments
    return pq


class Database:
    """Statements on one database; one at a time, whichever thread asks."""

    pq = None

    def __init__(self, url):
        self.url = url
        self.lock = threading.Lock()
        self.connection = None

    def ask(self, statement, *values):
        """Rows as lines, cells divided by "|". Values stand as :'v1', :'v2', … in the statement."""
        with self.lock:
            was_open = self.connection is not None
            try:
                return self.ask_once(statement, values)
            except DatabaseError:
                if not was_open or self.connection is not None:
                    raise
            return self.ask_once(statement, values)

    def close(self):
        with self.lock:
            self.drop()

    def ask_once(self, statement, values):
        if self.connection is None:
            self.open()
        text = VALUE.sub(lambda found: self.literal(values[int(found[1]) - 1]), statement)
        try:
            lines = self.send(text)
            self.send("discard all")
        except DatabaseError:
            if self.pq.PQstatus(self.connection) == CONNECTION_OK:
                self.send("rollback")
                self.send("discard all")
            else:
                self.drop()
            raise
        return "\n".join(lines).strip()

    def open(self):
        Database.pq = self.pq or load()
        connection = self.pq.PQconnectdb(self.url.encode())
        if self.pq.PQstatus(connection) != CONNECTION_OK:
            said = self.pq.PQerrorMessage(connection).decode(errors="replace").strip()
            self.pq.PQfinish(connection)
            raise DatabaseError(said)
        self.pq.PQsetNoticeProcessor(connection, SILENCE, None)
        self.connection = connection

    def drop(self):
        connection, self.connection = self.connection, None
        if connection is not None:
            self.pq.PQfinish(connection)

    def literal(self, value):
        raw = str(value).encode()
        escaped = self.pq.PQescapeLiteral(self.connection, raw, len(raw))
        try:
            return ctypes.string_at(escaped).decode()
        finally:
            self.pq.PQfreemem(escaped)

    def send(self, text):
        """The lines of all results; a DatabaseError of the first that failed."""
        lines, said = [], None
        if not self.pq.PQsendQuery(self.connection, text.encode()):
            raise DatabaseError(self.said())
        while result := self.pq.PQgetResult(self.connection):
            status = self.pq.PQresultStatus(result)
            if status == TUPLES_OK:
                lines += self.lines(result)
            elif status not in (EMPTY_QUERY, COMMAND_OK) and said is None:
                said = self.pq.PQresultErrorMessage(result).decode(errors="replace").strip()
            self.pq.PQclear(result)
        if said is not None:
            raise DatabaseError(said or self.said())
        return lines

    def said(self):
        return self.pq.PQerrorMessage(self.connection).decode(errors="replace").strip()

    def lines(self, result):
        columns = range(self.pq.PQnfields(result))
        return ["|".join(self.pq.PQgetvalue(result, row, column).decode(errors="replace") for column in columns)
                for row in range(self.pq.PQntuples(result))]
