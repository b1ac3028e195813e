"""Our scheme file: what is written is read back, and every mistake has a place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.helpers import SCHEME
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.errors import SchemeError
from tui_annotate.formats.schemes import toml as scheme_toml

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(str.strip).filter(bool)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(names=st.lists(NAMES, min_size=4, max_size=4, unique=True), word=WORDS, flag=st.booleans())
def test_any_scheme_comes_back(names: list[str], word: str, flag: bool) -> None:
    one, two, three, four = names
    options = (Choice(one, "k", word), Choice(two))
    scheme = Scheme(
        (EntityType(one, "e_1", "d", "red", word, flag, "m"), EntityType(two)),
        (DocumentLabel(three, "choices", options, help=word, threshold=0.25, train=flag), DocumentLabel(four, "text")),
        (Attribute(one, "choice", options, on=(one, two), assertion=flag, help=word, key="z", model="status-1"),),
        (RelationType(two, (one, ""), flag, key="t"), RelationType(three)),
        word,
    )
    assert scheme_toml.parse(scheme_toml.write(scheme)) == scheme


def test_the_shared_scheme_comes_back() -> None:
    assert scheme_toml.parse(scheme_toml.write(SCHEME)) == SCHEME


def test_kinds_follow_from_what_is_given() -> None:
    scheme = scheme_toml.parse('[[label]]\nname = "a"\n[[label]]\nname = "b"\noptions = ["x", "y"]\n')
    assert [label.kind for label in scheme.labels] == ["boolean", "choice"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[entity]]\nname = "A"\ncolour = "red"',
            "s.toml:3: entity[0]: colour: there is no such field. Did you mean 'color'?",
        ),
        ('[[entity]]\nname = "A"\n[[entity]]\nname = 3', "s.toml:4: entity[1]: name: must be a string"),
        (
            '[[label]]\nname = "A"\nkind = "choise"',
            "s.toml:3: label[0]: kind: 'choise' is no kind. Did you mean 'choice'",
        ),
        ("[[entity]]\nkey = 'a'", "s.toml:1: entity[0]: has no `name`"),
        ('[[entities]]\nname = "A"', "s.toml:1: entities[0]: there is no table 'entities'. Did you mean 'entity'"),
        (
            '[[entity]]\nname = "A"\n[[entity]]\nname = "A"',
            "s.toml:4: entity[1]: name: entity type 'A' stands twice, first on line 2",
        ),
        ("[[entity]]\nname = 'A'\nid = 'm_1'", "id: 'm_1' must be e_ and a number"),
        ("[[entity]]\nname = 'A'\nid = 'e_1'\n[[entity]]\nname = 'B'\nid = 'e_1'", "'e_1' stands twice"),
        ("[[label]]\nname = 'A'\nkind = 'choice'", "needs at least one option"),
        ("[[relation]]\nname = 'A'\nends = ['x']", "s.toml:3: relation[0]: ends: must name two"),
        (
            "[[entity]]\nname = 'A'\nmodel = 'deid'\n[[attribute]]\nname = 'status'\nassertion = true\nmodel = 'deid'",
            "s.toml:7: status: marked as assertion status, but its model 'deid' is one that finds entities",
        ),
        (
            "[[attribute]]\nname = 'status'\nassertion = true\nmodel = 'ner_jsl_annotation_manual.model'",
            "An assertion status cannot be predicted by such a model",
        ),
        (
            "[[attribute]]\nname = 'a'\nassertion = true\n[[attribute]]\nname = 'b'\nassertion = true",
            "s.toml:1: a, b: only one assertion status model may be used in a project",
        ),
        ("[entity]\nname = 'A'", "write `[[entity]]`"),
        ("name = ", "s.toml:1: is no TOML"),
        ("guidelines = 3", "guidelines: must be a string"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SchemeError) as caught:
        scheme_toml.parse(text, "s.toml")
    assert said in str(caught.value)
