"""What imported projects have besides documents: legend, README and guidelines, kept to go out again as they came."""

from __future__ import annotations

import io
from collections.abc import Mapping

from tui_annotate.store import rows, sources
from tui_annotate.store.connection import Corpus

_SETTING = "projects"
_decode = rows.decoder(dict[str, tuple[str, dict[str, int]]])


def keep(corpus: Corpus, where: str, project: str, files: Mapping[str, bytes]) -> None:
    """Keep a project's files; those that came from the same place before are replaced.

    Args:
        where: Where it came from, for telling projects apart.
        project: Name of its folder, empty when it has none of its own.
    """
    ids = {name: sources.keep(corpus, f"{where}/{name}", io.BytesIO(body)) for name, body in files.items()}
    with corpus.transaction() as db:
        found = db.execute("SELECT value FROM setting WHERE name = ?", (_SETTING,)).fetchone()
        held = _decode(found[0]) if found else {}
        if held.get(where) == (project, ids):
            return
        held[where] = (project, ids)
        db.execute(
            "INSERT INTO setting(name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (_SETTING, rows.encode(held)),
        )


def kept(corpus: Corpus) -> tuple[str, dict[str, bytes]]:
    """Return the name and the files that all projects imported so far agree on; what they differ in is left out."""
    with corpus.reading() as db:
        found = db.execute("SELECT value FROM setting WHERE name = ?", (_SETTING,)).fetchone()
    held = list((_decode(found[0]) if found else {}).values())
    names = {project for project, _ in held}
    agreed = {name: id for _, ids in held[:1] for name, id in ids.items() if all(o.get(name) == id for _, o in held)}
    bodies = {name: b"".join(sources.read(corpus, id)) for name, id in agreed.items()}
    return names.pop() if len(names) == 1 else "", bodies
