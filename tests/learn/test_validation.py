"""The validation part: drawn in proportion, kept for good, never a class's only example."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from tests.learn.making import SCHEME, corpus, examples
from tui_annotate.domain.documents import text_hash
from tui_annotate.learn.engines.base import Example
from tui_annotate.learn.validation import FILE, divide, draw
from tui_annotate.store.connection import Corpus

STRATA = st.dictionaries(st.integers(0, 10_000), st.sampled_from("aab c"), min_size=2, max_size=80)


@given(STRATA, st.sampled_from([0.1, 0.2, 0.5]), st.integers(0, 3))
@example(dict(enumerate("aaaaab ")), 0.5, 0)
def test_the_part_has_its_share_of_every_kind_and_leaves_one_of_each(
    strata: dict[int, str], share: float, seed: int
) -> None:
    sides = draw(strata, {}, share=share, seed=seed)
    assert set(sides) == set(strata)
    sizes, drawn = Counter(strata.values()), Counter(strata[text] for text, side in sides.items() if side)
    assert sum(drawn.values()) <= round(share * len(strata))
    for stratum, size in sizes.items():
        assert drawn[stratum] < size
        assert drawn[stratum] < share * size + 1
    assert draw(strata, {}, share=share, seed=seed) == sides


@given(STRATA, STRATA)
def test_what_was_drawn_stays_drawn_when_more_is_confirmed(first: dict[int, str], second: dict[int, str]) -> None:
    before = draw(first, {}, share=0.2, seed=0)
    after = draw({**second, **first}, before, share=0.2, seed=0)
    assert {text: after[text] for text in before} == before


def ids(found: list[Example]) -> set[int]:
    return {example.id for example in found}


def test_the_split_of_a_corpus_is_a_file_and_twins_are_on_one_side(tmp_path: Path) -> None:
    gold = examples(range(50))
    twin = Example(99, gold[3].document, gold[3].annotations)
    with Corpus.open(corpus(tmp_path / "c.db", gold=1, pending=1)) as opened:
        rest, part, new = divide(opened, "labels:kind", SCHEME, gold[:40], share=0.2, seed=0)
        assert (len(rest), len(part), new) == (32, 8, 8)
        assert Counter(e.annotations.labels["kind"].value for e in part) == {"order": 4, "note": 4}
        again, later, new = divide(opened, "labels:kind", SCHEME, [*gold, twin], share=0.2, seed=0)
        assert ids(part) < ids(later)
        assert new == 2
        assert (3 in ids(later)) == (99 in ids(later))
        assert not ids(again) & ids(later)
        (opened.runs_folder / "cache" / FILE).write_text("garbage")
        assert ids(divide(opened, "labels:kind", SCHEME, gold[:40], share=0.2, seed=0)[1]) == ids(part)
        other = divide(opened, "labels:kind", SCHEME, gold[:40], share=0.2, seed=1)[1]
        assert ids(other) != ids(part)
        assert divide(opened, "labels:kind", SCHEME, gold, share=0.0, seed=0)[1] == []
    assert len({text_hash(example.document.text) for example in gold}) == 50
