"""Everything the stand-in remembers, in one SQLite file that survives a killed process."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import Json

# Only ever appended to: a file's user_version says how many of them it has been through.
VERSIONS = (
    """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL,
    created INTEGER NOT NULL, body TEXT NOT NULL, hidden TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, next_at REAL NOT NULL,
    answer TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event_id);
CREATE TABLE IF NOT EXISTS answers (
    idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS settlements (
    intent_id TEXT PRIMARY KEY, due_at REAL NOT NULL, outcome TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS violations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, call TEXT NOT NULL, problem TEXT NOT NULL);
""",
    """
CREATE INDEX objects_type ON objects (kind, body ->> 'type', seq);
CREATE INDEX objects_created ON objects (kind, created, seq);
CREATE INDEX objects_payment_intent ON objects (body ->> 'payment_intent', kind, seq)
    WHERE body ->> 'payment_intent' IS NOT NULL;
CREATE INDEX objects_charge ON objects (body ->> 'charge', kind, seq)
    WHERE body ->> 'charge' IS NOT NULL;
CREATE INDEX objects_customer ON objects (body ->> 'customer', kind, seq)
    WHERE body ->> 'customer' IS NOT NULL;
CREATE INDEX objects_source ON objects (body ->> 'source', kind, seq)
    WHERE body ->> 'source' IS NOT NULL;
CREATE INDEX answers_created ON answers (created);
CREATE INDEX deliveries_undelivered ON deliveries (event_id) WHERE state <> 'delivered';
ALTER TABLE deliveries ADD COLUMN endpoint_id TEXT NOT NULL DEFAULT 'we_configured';
ALTER TABLE deliveries ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_held ON deliveries (about) WHERE held = 1 AND state = 'pending';
ALTER TABLE settlements RENAME COLUMN intent_id TO object_id;
CREATE TABLE clock (ahead REAL NOT NULL);
INSERT INTO clock VALUES (0);
""",
    """
CREATE TABLE invitations (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repository TEXT NOT NULL, user_name TEXT NOT NULL,
    state TEXT NOT NULL, UNIQUE (repository, user_name));
CREATE TABLE whatsapp (
    id INTEGER PRIMARY KEY AUTOINCREMENT, sent_by TEXT NOT NULL, recipient TEXT NOT NULL,
    body TEXT NOT NULL, created REAL NOT NULL);
""",
)
FORGET = (
    "DELETE FROM objects",
    "DELETE FROM deliveries",
    "DELETE FROM answers",
    "DELETE FROM settlements",
    "DELETE FROM violations",
    "DELETE FROM invitations",
    "DELETE FROM whatsapp",
    "UPDATE clock SET ahead = 0",
)
KEEP_ANSWERS_SECONDS = 86_400


class Store:
    """One connection behind one lock: transactions run one after the other.

    Every method except `transaction` must be called inside a transaction.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.db = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self._bring_up_to_date()

    def _bring_up_to_date(self) -> None:
        done = self.db.execute("PRAGMA user_version").fetchone()[0]
        for number, script in enumerate(VERSIONS[done:], start=done + 1):
            self.db.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that happens inside, or nothing when it raises."""
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def add(self, body: Json, hidden: Json) -> None:
        """Keep a new object; `hidden` is what the API never shows."""
        self.db.execute(
            "INSERT INTO objects (id, kind, created, body, hidden) VALUES (?, ?, ?, ?, ?)",
            (body["id"], body["object"], body["created"], json.dumps(body), json.dumps(hidden)),
        )

    def save(self, body: Json) -> None:
        """Replace an object that exists."""
        self.db.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(body), body["id"]))

    def find(self, kind: str, object_id: str) -> Json | None:
        """Return an object of that kind, or None."""
        row = self.db.execute(
            "SELECT body FROM objects WHERE id = ? AND kind = ?", (object_id, kind)
        ).fetchone()
        return None if row is None else _object(row)

    def find_any(self, object_id: str) -> Json | None:
        """Return the object with that id, whatever it is, or None."""
        row = self.db.execute("SELECT body FROM objects WHERE id = ?", (object_id,)).fetchone()
        return None if row is None else _object(row)

    def hidden(self, object_id: str) -> Json:
        """Return what the API never shows of an object that exists."""
        row = self.db.execute("SELECT hidden FROM objects WHERE id = ?", (object_id,)).fetchone()
        hidden: Json = json.loads(row["hidden"])
        return hidden

    def hide(self, object_id: str, hidden: Json) -> None:
        """Replace what the API never shows of an object that exists."""
        self.db.execute(
            "UPDATE objects SET hidden = ? WHERE id = ?", (json.dumps(hidden), object_id)
        )

    def remove(self, object_id: str) -> None:
        """Forget an object, if there is one."""
        self.db.execute("DELETE FROM objects WHERE id = ?", (object_id,))

    def matching(self, kind: str, name: str, value: str) -> list[Json]:
        """Return the objects of a kind with that property, the newest first."""
        rows = self.db.execute(
            # The name is one of ours, and written as in the index.
            f"SELECT body FROM objects WHERE kind = ? AND body ->> '{name}' = ?"  # noqa: S608
            " ORDER BY seq DESC",
            (kind, value),
        )
        return [_object(row) for row in rows]

    def newest_first(self, kind: str) -> Iterator[Json]:
        """Yield all objects of a kind, the newest first; for kinds of which there are few."""
        rows = self.db.execute("SELECT body FROM objects WHERE kind = ? ORDER BY seq DESC", (kind,))
        return map(_object, rows)

    def answer(self, idempotency_key: str, now: float) -> sqlite3.Row | None:
        """Return the first answer given under a key in the last 24 hours, or None."""
        self.db.execute("DELETE FROM answers WHERE created < ?", (now - KEEP_ANSWERS_SECONDS,))
        row: sqlite3.Row | None = self.db.execute(
            "SELECT * FROM answers WHERE idempotency_key = ?", (idempotency_key,)
        ).fetchone()
        return row

    def keep_answer(
        self, idempotency_key: str, fingerprint: str, status: int, body: str, now: float
    ) -> None:
        """Keep the first answer given under a key."""
        self.db.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?)",
            (idempotency_key, fingerprint, status, body, now),
        )

    def note_violation(self, call: str, problem: str) -> None:
        """Keep one breach of the contract by the stand-in itself."""
        self.db.execute("INSERT INTO violations (call, problem) VALUES (?, ?)", (call, problem))

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self.db.execute(query, values).fetchall()

    def change(self, statement: str, *values: object) -> int:
        """Run one statement and return how many rows it changed."""
        return self.db.execute(statement, values).rowcount

    def forget(self) -> None:
        """Empty every table."""
        for statement in FORGET:
            self.db.execute(statement)


def _object(row: sqlite3.Row) -> Json:
    body: Json = json.loads(row["body"])
    return body
