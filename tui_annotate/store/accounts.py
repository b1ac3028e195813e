"""Accounts and members: who may log in to the HTTP API, and in which role they take part.

A member is an annotator with a role; everybody who annotates in the app is one. An account is a name with a hashed
password: a member without one takes part and cannot log in.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui_annotate.domain.interchange import MASTER
from tui_annotate.store import annotators, rows
from tui_annotate.store.connection import Corpus


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who takes part."""

    name: str
    role: str
    has_account: bool


def passwords(corpus: Corpus) -> dict[str, str]:
    """Return the hashed password of every account by its name."""
    with corpus.reading() as db:
        return dict(db.execute("SELECT name, password FROM account").fetchall())


def keep(corpus: Corpus, name: str, hashed: str) -> None:
    """Keep an account's hashed password, in place of an older one; who has an account is a member."""
    with corpus.transaction() as db:
        db.execute(
            "INSERT INTO account(name, password, at) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET password = excluded.password, at = excluded.at",
            (name, hashed, rows.now()),
        )
        id = annotators.ensure(corpus, db, name)
        db.execute("UPDATE annotator SET role = 'owner' WHERE id = ? AND role = ''", (id,))


def members(corpus: Corpus) -> list[Member]:
    """Return everybody who takes part, `master` left out, by name."""
    with corpus.reading() as db:
        found = db.execute(
            "SELECT a.name, a.role, c.name IS NOT NULL FROM annotator a LEFT JOIN account c ON c.name = a.name"
            " WHERE a.name <> ? AND a.role <> '' ORDER BY a.name",
            (MASTER,),
        ).fetchall()
    return [Member(name, role, bool(account)) for name, role, account in found]


def member(corpus: Corpus, name: str) -> Member | None:
    """Return one member; None when there is none of that name."""
    return next((one for one in members(corpus) if one.name == name), None)


def set_role(corpus: Corpus, name: str, role: str) -> None:
    """Let somebody take part in a role; who is not known yet becomes known."""
    with corpus.transaction() as db:
        id = annotators.ensure(corpus, db, name)
        db.execute("UPDATE annotator SET role = ? WHERE id = ?", (role, id))


def remove(corpus: Corpus, name: str) -> bool:
    """Take a member's role and account away; their versions stay. False when there was no such member."""
    with corpus.transaction() as db:
        sql = "UPDATE annotator SET role = '' WHERE name = ? AND role <> '' AND name <> ?"
        gone = db.execute(sql, (name, MASTER)).rowcount
        gone += db.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount
        db.execute(
            "DELETE FROM assignment WHERE annotator = (SELECT id FROM annotator WHERE name = ?)",
            (name,),
        )
    return bool(gone)
