"""Rules of a split as they are typed: told apart, and checked before anything is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_annotate.errors import AnnotateError
from tui_annotate.services import split_rules

NAMES = ["BRAND", "GENERIC", "DRUG"]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("BRAND=Aspirin; GENERIC=text:a,b", ["BRAND=Aspirin", "GENERIC=text:a,b"]),
        ("BRAND=Aspirin ; GENERIC=x", ["BRAND=Aspirin", "GENERIC=x"]),
        ("BRAND=Aspirin;GENERIC=x;", ["BRAND=Aspirin", "GENERIC=x"]),
        ("BRAND=a;b", ["BRAND=a;b"]),
        (r"BRAND=a\;b=c", [r"BRAND=a\;b=c"]),
        ("BRAND=a; GENERC=x", ["BRAND=a", "GENERC=x"]),
        ("", []),
    ],
)
def test_rules_of_a_line_are_told_apart(text: str, rules: list[str]) -> None:
    assert split_rules.several(text, NAMES) == rules


def test_names_with_commas_and_semicolons_can_be_typed() -> None:
    assert split_rules.names(' BRAND, "a, b" ,GENERIC,, x  y') == ["BRAND", "a, b", "GENERIC", "x y"]
    assert split_rules.names("") == []
    assert split_rules.several("a; b=1; BRAND=2", ["a; b", "BRAND"]) == ["a; b=1", "BRAND=2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("BRAND=([", "no regular expression"),
        ("BRAND=near:(", "no regular expression"),
        ("near:Dr", "begins with none of"),
        ("BRAND=a; GENERC=b", "begins with none of"),
        ("BRAND=text:", "says nothing"),
        ("BRAND=attribute:status", "NAME=VALUE"),
        ("BRAND=query:foo:", "foo"),
        ("BRAND=text:@nowhere.txt", "cannot be read"),
    ],
)
def test_what_is_wrong_about_a_rule_is_said_at_once(text: str, said: str) -> None:
    with pytest.raises(AnnotateError) as caught:
        split_rules.check(text, NAMES)
    assert said in str(caught.value)


def test_good_rules_pass(tmp_path: Path) -> None:
    (tmp_path / "brands.txt").write_text("Tylenol\n")
    split_rules.check(f"BRAND=text:@{tmp_path}/brands.txt; GENERIC=query:folder:x; DRUG=attribute:a=b", NAMES)
    split_rules.check("", NAMES)
