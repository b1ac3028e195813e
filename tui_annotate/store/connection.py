"""The corpus file: opening it, and the two ways to touch it, a short read or a short `BEGIN IMMEDIATE`.

Rollback journal (`TRUNCATE`) and `synchronous=FULL`, because WAL with several writers
can corrupt the file on SQLite 3.7.0 to 3.51.2 and does not work on network homes.
SQLite's own busy handler sleeps up to 100 ms between looks, and would miss the 10 ms an import leaves
free; so waiting for a lock is done here, looking every millisecond.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal

from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import CorruptError, StoreError, TooNewError
from tui_annotate.store import opening, trouble
from tui_annotate.store.opening import APPLICATION_ID, LOOK_EVERY, connect, look_at_file


class Corpus:
    """One open connection to a corpus; belongs to one thread at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, readonly: bool, timeout: float) -> None:
        self.path = path
        self.readonly = readonly
        self.timeout = timeout
        """Seconds to wait for other programs before LockedError."""
        self.annotator_ids: dict[str, int] = {}
        """Ids of annotators known to be on disk."""
        self.source: Literal["GUI", "API"] = "API"
        """What webhooks are told a change was made in: the app, or any other program."""
        self._connection = connection
        self._together = False

    @classmethod
    def create(cls, path: Path | str, *, scheme: Scheme | None = None) -> Corpus:
        """Create a corpus file, complete or not at all, and open it.

        Raises:
            UsageError: The file exists already, or its folder does not.
        """
        from tui_annotate.store import creating

        creating.create(Path(path), scheme or Scheme())
        return cls.open(path)

    @classmethod
    def open(cls, path: Path | str, *, readonly: bool = False, timeout: float = 5.0) -> Corpus:
        """Open a corpus; one with an older schema is backed up, verified and migrated first.

        No integrity check runs; a journal left by a crash is rolled back by SQLite.

        Raises:
            UsageError: There is no such file, or it is a folder.
            CorruptError: It is no corpus, or it is damaged.
            TooNewError: A newer program wrote it.
            ReadOnlyError: It may not be read, or not be written and `readonly` was not asked for.
            LockedError: Another program holds it for longer than `timeout` seconds.
        """
        path = Path(path)
        look_at_file(path, readonly=readonly)
        if readonly:
            opening.roll_back(path)
        corpus = cls(path, connect(path, readonly=readonly), readonly=readonly, timeout=timeout)
        try:
            version = corpus._schema_version()
            if version > opening.SCHEMA_VERSION:
                raise TooNewError(
                    f"{path.name} has schema {version}; this program knows {opening.SCHEMA_VERSION} at most.",
                    hint="Upgrade tui-annotate.",
                )
            if version < opening.SCHEMA_VERSION:
                corpus._migrate(version)
        except BaseException:
            corpus.close()
            raise
        return corpus

    def close(self) -> None:
        """Close the connection; closing twice does nothing."""
        self._connection.close()

    def __enter__(self) -> Corpus:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write: all of the block is on disk when it ends, or nothing is when it raises.

        Inside `together` it is on disk when that ends.
        """
        db = self._connection
        if self._together:
            with self._part_of_together():
                yield db
            return
        try:
            self._patiently("BEGIN IMMEDIATE")
            yield db
            self._patiently("COMMIT")
        except BaseException as error:
            self._take_back()
            self.annotator_ids.clear()
            if isinstance(error, (sqlite3.Error, UnicodeError)):
                raise trouble.translate(error, self.path) from error
            raise

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write several transactions with one commit; one of them that raises is taken back alone.

        For many small ones at once, each of which would wait for the disk. Others wait until the end of the block.
        """
        with self.transaction():
            self._together = True
            try:
                yield
            finally:
                self._together = False

    @contextmanager
    def _part_of_together(self) -> Iterator[None]:
        db = self._connection
        db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException as error:
            # A fault of the disk takes the whole transaction back by itself.
            if db.in_transaction:
                db.execute("ROLLBACK TO part")
                db.execute("RELEASE part")
            self.annotator_ids.clear()
            if isinstance(error, (sqlite3.Error, UnicodeError)):
                raise trouble.translate(error, self.path) from error
            raise
        db.execute("RELEASE part")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read one consistent state. Holds writers up at their commit, so keep it to some 500 rows.

        Inside a `transaction` of the same connection it is a part of that.
        """
        db = self._connection
        if db.in_transaction:
            yield db
            return
        try:
            db.execute("BEGIN")
            self._patiently("SELECT 1 FROM sqlite_schema LIMIT 1")
            yield db
        except (sqlite3.Error, UnicodeError) as error:
            raise trouble.translate(error, self.path) from error
        finally:
            self._take_back()

    def data_version(self) -> int:
        """Return a number that changes when another connection has written."""
        try:
            found: int = self._patiently("PRAGMA data_version").fetchone()[0]
        except (sqlite3.Error, UnicodeError) as error:
            raise trouble.translate(error, self.path) from error
        return found

    @property
    def runs_folder(self) -> Path:
        """Where the runs' own folders lie: `NAME.runs` beside `NAME.db`."""
        return self.path.with_suffix(".runs")

    @property
    def connection(self) -> sqlite3.Connection:
        """The bare connection, for the store's own modules that need no transaction."""
        return self._connection

    def _patiently(self, statement: str) -> sqlite3.Cursor:
        deadline = 0.0
        while True:
            try:
                return self._connection.execute(statement)
            except sqlite3.OperationalError as error:
                if not trouble.is_busy(error):
                    raise
                now = time.monotonic()
                deadline = deadline or now + self.timeout
                if now >= deadline:
                    raise
            time.sleep(LOOK_EVERY)

    def _take_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _schema_version(self) -> int:
        try:
            with self.reading() as db:
                (application,) = db.execute("PRAGMA application_id").fetchone()
                (version,) = db.execute("PRAGMA user_version").fetchone()
        except CorruptError as error:
            cause = error.__cause__
            if getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
                raise opening.why_no_database(self.path) from cause
            raise
        if application != APPLICATION_ID:
            raise CorruptError(
                f"{self.path.name} is an SQLite file, but no corpus of tui-annotate.",
                hint="Check the name; `tui-annotate new` creates a corpus.",
            )
        return int(version)

    def _migrate(self, version: int) -> None:
        if self.readonly:
            raise StoreError(
                f"{self.path.name} has the older schema {version}.",
                hint="Open it once for writing; it is upgraded then.",
            )
        from tui_annotate.store import copying, migrations

        aside = self.path.with_name(f"{self.path.stem}.schema-{version}{self.path.suffix}")
        try:
            copying.copy(self._connection, aside)
            migrations.run(self._connection)
        except sqlite3.Error as error:
            raise trouble.translate(error, self.path) from error
