"""The webhooks of a corpus. Who may be called from this account is not kept here: `services.hook_trust` knows."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from tui_annotate.domain.hooks import Hook
from tui_annotate.errors import UsageError
from tui_annotate.store import rows
from tui_annotate.store.connection import Corpus

decode = rows.decoder(Hook)
_decode_names = rows.decoder(tuple[str, str])
_SERVED = "served-as"
"""Row of the settings; no setting that somebody changes."""


@dataclass(frozen=True, slots=True)
class HookRow:
    """A webhook as it is stored, and what waits for it."""

    id: int
    hook: Hook
    enabled: bool
    waiting: int = 0
    """Events that were not delivered yet."""
    refused: int = 0
    """Events that the receiver refused; kept, and sent again when asked for."""
    trouble: str = ""
    """What the last attempt of those that wait met with."""


def listing(corpus: Corpus) -> list[HookRow]:
    """Return all webhooks by name."""
    sql = (
        "SELECT h.id, h.body, h.enabled,"
        " (SELECT count(*) FROM outbox o WHERE o.hook = h.id AND o.sent = 0),"
        " (SELECT count(*) FROM outbox o WHERE o.hook = h.id AND o.sent = 2),"
        " coalesce((SELECT answer FROM outbox o WHERE o.hook = h.id AND o.sent = 0 AND answer <> ''"
        " ORDER BY o.id LIMIT 1), '') FROM hook h ORDER BY h.name"
    )
    with corpus.reading() as db:
        found = db.execute(sql).fetchall()
    return [HookRow(id, decode(body), bool(enabled), *rest) for id, body, enabled, *rest in found]


def get(corpus: Corpus, name: str) -> HookRow:
    """Return a webhook by name; raises UsageError with the nearest name."""
    held = {row.hook.name: row for row in listing(corpus)}
    if name in held:
        return held[name]
    near = get_close_matches(name, held, 1)
    there = f"There are {', '.join(held)}." if held else "`tui-annotate hook add` makes one."
    raise UsageError(f"There is no webhook {name!r}.", hint=f"Did you mean {near[0]}?" if near else there)


def add(corpus: Corpus, hook: Hook, *, replace: bool = False) -> None:
    """Store a webhook, enabled; raises UsageError where the name is taken and `replace` was not asked for."""
    hook.check()
    with corpus.transaction() as db:
        found = db.execute("SELECT id FROM hook WHERE name = ?", (hook.name,)).fetchone()
        if found is None:
            sql = "INSERT INTO hook(name, body, at) VALUES (?, ?, ?)"
            db.execute(sql, (hook.name, rows.encode(hook), rows.now()))
        elif replace:
            db.execute("UPDATE hook SET body = ?, enabled = 1 WHERE id = ?", (rows.encode(hook), found[0]))
        else:
            hint = "Take another name, or --replace it."
            raise UsageError(f"There is a webhook {hook.name!r} already.", hint=hint)


def enable(corpus: Corpus, name: str, *, enabled: bool) -> None:
    """Switch a webhook on or off; what waits for it stays, nothing new is written for one that is off."""
    row = get(corpus, name)
    with corpus.transaction() as db:
        db.execute("UPDATE hook SET enabled = ? WHERE id = ?", (int(enabled), row.id))


def remove(corpus: Corpus, name: str) -> int:
    """Remove a webhook with all that waits for it; returns how many events that were."""
    row = get(corpus, name)
    with corpus.transaction() as db:
        db.execute("DELETE FROM hook WHERE id = ?", (row.id,))
    return row.waiting


def note_served(corpus: Corpus, owner: str, project: str) -> None:
    """Keep under which owner and project the corpus is served, for payloads that name neither."""
    with corpus.transaction() as db:
        sql = "INSERT INTO setting(name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        db.execute(sql, (_SERVED, rows.encode([owner, project])))


def served(corpus: Corpus) -> tuple[str, str]:
    """Return owner and project as `serve` had them last; the corpus's name and nobody before it ran."""
    with corpus.reading() as db:
        found = db.execute("SELECT value FROM setting WHERE name = ?", (_SERVED,)).fetchone()
    if found is None:
        return "", corpus.path.stem
    owner, project = _decode_names(found[0])
    return owner, project
