"""What an ann.json left out, or said in another way than anndoc 3.6 does: counted, and told in one line a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_STATES = ("", "pre-added", "pre-removed")
_MOST = 12


class Oddities:
    """Counts what was odd in one file and taken all the same."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, what: str) -> None:
        """Count one oddity, told by what it was and what was made of it."""
        self._counts[what] = self._counts.get(what, 0) + 1

    def told(self) -> str:
        """Return the line for the report; empty when nothing was odd."""
        found = [f"{what} ({count})" if count > 1 else what for what, count in self._counts.items()]
        more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
        return f"{'; '.join(found[:_MOST])}{more}. It all goes out as it came" if found else ""

    def of_file(self, given: Mapping[str, Any]) -> None:
        """Look at the keys of the whole."""
        for key, taken in (
            ("annotatable", "all parts are"),
            ("anncomplete", "taken as false"),
            ("sources", "none"),
            ("metas", "none"),
            ("entities", "none"),
            ("relations", "none"),
        ):
            if key not in given:
                self.add(f"no `{key}`: {taken}")
            elif given[key] is None:
                self.add(f"`{key}` is null: {taken}")
        known = ("annotatable", "anncomplete", "sources", "metas", "entities", "relations")
        for key in given:
            if key not in known:
                self.add(f"`{key[:40]}` is not known: kept")

    def of_entity(self, row: Mapping[str, Any], known: frozenset[str]) -> None:
        """Look at the keys of an entity that has a place."""
        self.of_confidence(row)
        for key in ("fields", "normalizations"):
            if key not in row:
                self.add(f"entity without `{key}`: none")
            elif not isinstance(row[key], dict):
                self.add(f"entity with `{key}` that is no object: kept, not read")
        for key in row:
            if key not in known:
                self.add(f"entity with `{key[:40]}`, which is not known: kept")
        normalizations = row.get("normalizations")
        for one in normalizations.values() if isinstance(normalizations, dict) else ():
            if not isinstance(one, dict) or not isinstance(one.get("source"), dict):
                self.add("normalization without a source: kept")
            elif one.get("recName") is None:
                self.add("normalization without a recName: kept")

    def of_fields(self, fields: Mapping[str, Any], read: Sequence[str]) -> None:
        """Look at an entity's fields, of which some could be read."""
        for id in fields:
            if id not in read:
                self.add(f"field {id[:40]} without a value: kept, not shown")

    def of_confidence(self, row: Mapping[str, Any]) -> None:
        """Look at who made something, and how sure they were."""
        if "confidence" not in row:
            self.add("no `confidence`: taken as certain, by nobody")
            return
        given = row["confidence"]
        if type(given) in (int, float):
            self.add("`confidence` is a bare number: taken as the probability, by nobody")
        elif not isinstance(given, dict) or not given:
            self.add("`confidence` is empty: taken as certain, by nobody")
        else:
            self._of_parts(given)

    def _of_parts(self, given: Mapping[str, Any]) -> None:
        state, prob = given.get("state", "pre-added"), given.get("prob", 1)
        if state not in _STATES:
            self.add(f"state {json.dumps(state)[:40]}: kept, counts as an annotation")
        if type(prob) not in (int, float):
            self.add(f"prob {json.dumps(prob)[:40]}: taken as 1")
        elif not 0 <= prob <= 1:
            self.add(f"prob {json.dumps(prob)[:40]}: taken as {0 if prob < 0 else 1}")
        elif prob == 0 and not isinstance(prob, bool):
            self.add("prob 0: kept")
        who = given.get("who")
        if not isinstance(who, list) or not who:
            self.add("no `who`: by nobody" if not who else "`who` is no list: taken as one name")
