"""Attributes through the keys of the app: a value's key reaches the entity, the row under it says so, `=` snaps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.screens.conftest import app_on, document, picture, press, settled
from tui_annotate.domain.scheme import Attribute, Choice, EntityType, Scheme

SCHEME = Scheme(
    (EntityType("DRUG"), EntityType("DISEASE")),
    attributes=(Attribute("status", "choice", (Choice("Negated"), Choice("Affirmed")), on=("DISEASE",)),),
)


async def test_a_value_s_key_accepts_the_suggestion_with_it(make_corpus: Callable[..., Path]) -> None:
    found = (("lisinopri", "DRUG"), ("diabetes mellitus", "DISEASE"))
    app = app_on(make_corpus(document("note-1", found=found), scheme=SCHEME))
    async with app.run_test(size=(100, 24)) as pilot:
        review = await settled(pilot)
        assert "not whole words: = snaps" in review.panel.rows[1].text
        review = await press(pilot, "equals_sign", "j", "n")
        held = review.reviewing.session.document.version.annotations.entities.values()
        words = {review.reviewing.session.document.document.slice(e.span): dict(e.attributes) for e in held}
        assert words == {"lisinopril": {}, "diabetes mellitus": {"status": "Negated"}}
        assert "n ● Negated" in review.panel.rows[2].text
        assert any("DISEASE NEG" in line for line in picture(app))
