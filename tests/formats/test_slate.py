"""SLATE: annotation files of its releases, and what SLATE itself reads of ours."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.formats.columns import first, links, made, places, read, tree
from tests.formats.helpers import docs, problems
from tui_annotate.domain.annotations import LabelValue, Relation
from tui_annotate.formats import registry
from tui_annotate.formats.registry import Group
from tui_annotate.formats.slate import items as slate_items

TEXT = "Alice met Bob in Paris .\n\nShe left ;\tthen he did .\r\nEnd\n"


def test_tokens_lines_characters_documents_and_links_are_read() -> None:
    files = {
        "a.txt": TEXT,
        "a.txt.annotations": "(0, 0) - label:a\n((0, 2), (0, 4)) - label:s label:a\n3 - x\n"
        "((0, 2, 0), (0, 2, 1)) - part\n",
        "a.txt.link.annotations": "2 0 - \n3 3 -\n",
        "a.txt.doc.annotations2": "() - pos\n",
        "a.txt.x.annotations2": "[((0, 0), (0, 0)), ((2, 0), (2, 1))] - \n((2, 1), (2, 1)) - old\n",
    }
    one = first(read("slate", {**files}))
    assert (one.document.key, [version.annotator for version in one.versions]) == ("a", ["master", "2"])
    assert places(one) == [
        ("label:a", "Alice"),
        ("label:s", "Bob in Paris"),
        ("label:a", "Bob in Paris"),
        ("x", "End"),
        ("part", "Bo"),
        ("item", "She left ;\tthen he did ."),
        ("item", "Alice met Bob in Paris ."),
    ]
    assert links(one) == [("link", "She left ;\tthen he did .", "Alice met Bob in Paris ."), ("link", "End", "End")]
    other = one.versions[1].annotations
    assert other.labels["label"].value == "pos"
    assert [one.document.slice(e.span) for e in other.entities.values()] == ["left", "Alice", "She left"]


@pytest.mark.parametrize(
    "line",
    [
        "(0, 1) - NAME",
        "((0, 1), (0, 3)) - label:a x",
        "13 - y",
        "13 0 - ",
        "() - z",
        "[(0, 1), (2, 3)] - ",
        "((3,), (5,)) - q",
    ],
)
def test_lines_are_written_as_slate_does(line: str) -> None:
    item = slate_items.parse(line)
    assert item is not None
    assert slate_items.write(item) == line


def test_broken_lines_are_told() -> None:
    ann = "(9, 9) - x\nrubbish\n(0, 0, 99) - y\n(0 1) - z\n(1) - blank\n(0, 0) - fine\n"
    items = read("slate", {"a.txt": TEXT, "a.txt.annotations": ann, "b.txt.annotations": "(0, 0) - x\n"})
    assert [problem.where for problem in problems(items)] == [
        "b.txt.annotations",
        *(f"a.txt.annotations:{number}" for number in range(1, 6)),
    ]
    assert places(first(items)) == [("fine", "Alice")]


def test_slate_itself_reads_what_we_write(tmp_path: Path) -> None:
    data = pytest.importorskip("slate.data")
    by_token = made("Bob 😀 ran\rfar\x1caway.", ("P", 0, 5), ("Q R", 6, 13), key="t")
    by_character = made("\ufeff Bobby ran.", ("P", 2, 5), ("Q", 8, 11), key="c")
    files, said = tree("slate", [by_token, by_character])
    for name, body in files.items():
        (tmp_path / name).write_bytes(body.encode())
    assert files["t.txt.annotations"] == "((0, 0), (0, 1)) - P\n((0, 2), (1, 0)) - Q_R\n"
    assert files["c.txt.annotations"] == "((0, 1, 0), (0, 1, 2)) - P\n((0, 2, 0), (0, 2, 2)) - Q\n"
    assert "annotated by character in 1 document," in said[-1].reason
    for key, scope in (("t", "token"), ("c", "character")):
        doc = data.Document(tmp_path / f"{key}.txt")
        config = SimpleNamespace(annotation=scope, annotation_type="categorical")
        items = data.read_annotation_file(config, str(tmp_path / f"{key}.txt.annotations"), doc)
        assert [str(item) for item in items] == files[f"{key}.txt.annotations"].split("\n")[:-1]


def test_links_labels_and_losses_of_ours() -> None:
    one = made(TEXT, ("item", 0, 24), ("item", 26, 50), ("A", 0, 5), ("A", 0, 5), ("B", 24, 26))
    held = one.versions[0].annotations
    held.relations[1] = Relation("follows", (2, 1), number=1)
    held.labels["a b"] = LabelValue("a b", ("x", "y z"))
    files, said = tree("slate", [one])
    assert files["d.txt.link.annotations"] == "2 0 - \n"
    assert files["d.txt.document.annotations"] == "() - a_b=x a_b=y_z\n"
    assert sorted(problem.reason.split(":")[0] for problem in said) == [
        "1 x document labels with blanks, written with _",
        "1 x entities of the same type and place as another, written once",
        "1 x entities that are nothing but white space",
        "1 x relations whose type is not written",
    ]
    (back,) = docs(read("slate", {**files}))
    assert sorted(places(back)) == sorted([("A", "Alice"), ("item", TEXT[:24]), ("item", TEXT[26:50])])


def test_a_folder_of_slate_is_told_from_texts(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for name in ("a.txt", "a.txt.annotations", "b.txt", "other/c.txt"):
        (tmp_path / name).write_text("x")
    names = {g.format.name: [f.name for f in g.files] for g in registry.groups([tmp_path]) if isinstance(g, Group)}
    assert names == {"slate": ["a.txt", "a.txt.annotations", "b.txt"], "text": ["other/c.txt"]}
