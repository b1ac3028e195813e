"""Each file finds its format, and the guide names each format."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.formats.helpers import problems
from tui_annotate.errors import UsageError
from tui_annotate.formats import registry

DOCS = Path(__file__).parents[2] / "docs"
BIOC = "<collection><source/><document><id>1</id></document></collection>"
XMI = '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI"/>'


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.xml", BIOC, "bioc-xml"),
        ("a.xml", XMI, "xmi"),
        ("a.json", '{"documents": [{"passages": [], "infons": {}}]}', "bioc-json"),
        ("a.jsonl", '{"text": "x"}', "jsonl"),
        ("a", '{"text": "x"}', "jsonl"),
        ("a", "just words", "text"),
        ("a.html", "<html><body><p>x</p></body></html>", "html"),
        ("a.md", "# x", "markdown"),
        ("a.csv", "text\nx\n", "csv"),
    ],
)
def test_files_are_told_by_what_is_in_them(tmp_path: Path, name: str, content: str, format: str) -> None:
    (tmp_path / name).write_text(content)
    (group,) = registry.groups([tmp_path / name])
    assert isinstance(group, registry.Group)
    assert group.format.name == format


def test_a_file_that_nothing_fits_says_what_was_tried(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<html/>")
    (problem,) = problems(registry.read_paths([tmp_path / "a.xml"]))
    assert "none of xmi, bioc-xml" in problem.reason
    assert "--format" in problem.reason


def test_a_type_system_goes_with_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.xmi").write_text(XMI)
    (tmp_path / "TypeSystem.xml").write_text("<typeSystemDescription/>")
    (tmp_path / "b.txt").write_text("x")
    found = {
        g.format.name: [f.name for f in g.files] for g in registry.groups([tmp_path]) if isinstance(g, registry.Group)
    }
    assert found == {"xmi": ["TypeSystem.xml", "a.xmi"], "text": ["b.txt"]}


@pytest.mark.parametrize(
    ("target", "format"),
    [("a.jsonl", "jsonl"), ("a.csv", "csv"), ("a.zip", "anndoc"), ("folder", "anndoc"), ("a.spacy", "docbin")],
)
def test_a_target_says_its_format(target: str, format: str) -> None:
    assert registry.for_target(target).name == format


def test_a_target_of_many_formats_asks_which() -> None:
    with pytest.raises(UsageError, match=r"--to: .*bioc-json"):
        registry.for_target("a.json")


def test_the_guide_names_every_format() -> None:
    text = (DOCS / "formats.md").read_text(encoding="utf-8")
    assert [name for name in registry.FORMATS if f"[`{name}`]" not in text] == []
