from __future__ import annotations

import pytest

from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.tokens import tokenize
from tui_annotate.learn.engines.abbreviations import Abbreviations
from tui_annotate.learn.engines.wordspace import learn_word_space


def forms(*texts: str) -> dict[str, str]:
    """Return the abbreviations that texts define."""
    found = Abbreviations()
    for text in texts:
        found.read([token.text for token in tokenize(text)])
    return found.forms()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He has Parkinson's disease (PD) since 2019.", {"PD": "parkinson ' s disease"}),
        ("with congestive heart failure (CHF; NYHA III)", {"CHF": "congestive heart failure"}),
        ("given 5-fluorouracil (5FU)", {"5FU": "5 - fluorouracil"}),
        ("the beta cells (SLE)", {}),
        ("the result (n) and (see Table)", {}),
        ("(PD", {}),
        ("(PD)", {}),
        ("a rate (MHz)", {}),
        ("", {}),
    ],
)
def test_definitions_are_found(text: str, expected: dict[str, str]) -> None:
    assert forms(text) == expected


def test_of_several_long_forms_the_most_frequent_wins() -> None:
    assert forms("panic disorder (PD)", "Parkinson disease (PD)", "Parkinson disease (PD)") == {
        "PD": "parkinson disease"
    }


def test_a_space_keeps_what_its_texts_define() -> None:
    texts = ["He has congestive heart failure (CHF).", "Her CHF is worse."]
    space = learn_word_space([Document(str(n), (Part("s1v1", text),)) for n, text in enumerate(texts)])
    assert "lf9=failure" in space.lexicon.more["CHF"]
    assert space.lexicon.number(["CHF", "worse"]).tolist() == [0, 1]
    assert "lf9=failure" in space.lexicon.attributes
