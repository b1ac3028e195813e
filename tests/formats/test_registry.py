"""Each file finds its format, and the guide names each format."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.formats.helpers import problems
from tui_annotate.domain.interchange import Problem
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


COLUMNS = "-DOCSTART- -X- -X- O\n\nCRICKET NNP B-NP O\n- : O O\nLEICESTERSHIRE NNP B-NP B-ORG\n"
PAIRS = "Ann\tB-PER\nmet\tO\nBob\tB-PER\n\nso\tO\n"


@pytest.mark.parametrize("name", ["eng.testa", "train.txt", "eng.iob1.txt", "train", "dev.tsv"])
@pytest.mark.parametrize("content", [COLUMNS, PAIRS, "\ufeff" + PAIRS.replace("\t", " "), PAIRS.replace("\n", "\r\n")])
@pytest.mark.parametrize("in_folder", [False, True])
def test_columns_of_tags_are_told_whatever_they_are_called(
    tmp_path: Path, name: str, content: str, in_folder: bool
) -> None:
    if name == "train" and in_folder:
        name = "train.testb"
    (tmp_path / name).write_text(content, newline="")
    said, group = registry.groups([tmp_path if in_folder else tmp_path / name])
    assert isinstance(group, registry.Group)
    assert group.format.name == "conll"
    assert isinstance(said, Problem)
    assert (said.severity, "--format" in said.reason) == ("noted", True)


@pytest.mark.parametrize(
    "content",
    [
        "The O\nis the letter O\n",
        "-DOCSTART- is what such files begin with\nand this is about them\n",
        "a B-1\nb B-2\nc B-3\nand more words O\n",
        "one O\ntwo O\nthree O\nfour O\n",
        "B-PER\nO\nO\nO\nO\n",
        "",
    ],
)
def test_words_that_only_look_like_tags_are_text(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.txt").write_text(content)
    (group,) = registry.groups([tmp_path / "a.txt"])
    assert isinstance(group, registry.Group)
    assert group.format.name == "text"


def test_columns_that_go_on_beyond_what_is_looked_at_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ann NNP B-PER\nmet VB O\n" * 1000)
    _, group = registry.groups([tmp_path / "a.txt"])
    assert isinstance(group, registry.Group)
    assert group.format.name == "conll"


def test_a_zip_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("just words")
    (problem,) = problems(registry.read_paths([tmp_path / "a.zip"]))
    assert "is called .zip, and is none" in problem.reason
