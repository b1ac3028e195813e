"""Whole projects: every file that came goes out again, at its place, with its bytes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats import registry
from tui_annotate.services.exporting import export
from tui_annotate.services.importing import ImportReport, import_paths
from tui_annotate.store.connection import Corpus

LEGEND = (
    b'{"n_9" : "UniProt", "e_1" : " Drug", "m_4" : "topics/sport","f_3" : "dose",  "m_6" : "topics/art",'
    b' "r_5":"treats(e_1|e_1)"}'
)
ON = {"value": True, "confidence": {"state": "pre-added", "who": ["user:x"], "prob": 1}}


def html(id: str, text: str = "Aspirin helps.", start: str = "<!DOCTYPE html >") -> bytes:
    return f'{start}\n<html id="{id}" data-origid="{id}"><body><p id="s1p1">{text}</p></body></html>'.encode()


def ann(confirmed: bool = False, **metas: object) -> bytes:
    entity = {"classId": "e_1", "part": "s1p1", "offsets": [{"start": 0, "text": "Aspirin"}], "confidence": {}}
    made = {"annotatable": {"parts": ["s1p1"]}, "anncomplete": confirmed, "sources": [], "metas": metas}
    return json.dumps({**made, "entities": [entity], "relations": []}).encode()


def project(root: str = "P/") -> dict[str, bytes]:
    """Return a project with all that one may have."""
    return {
        f"{root}README.md": b"\xef\xbb\xbfOurs\r\n",
        f"{root}guidelines.md": b"# How\r\n\r\nWell.  ",
        f"{root}annotations-legend.json": LEGEND,
        f"{root}plain.html/pool/a1.plain.html": html("a1"),
        f"{root}plain.html/pool/deep/er/a1.plain.html": html("b1", "Aspirin again."),
        f"{root}plain.html/pool/deep/a3.plain.html": html("a3", "Aspirin \U0001f600"),
        f"{root}ann.json/master/pool/a1.ann.json": ann(m_4=ON, m_6=ON | {"value": False}),
        f"{root}ann.json/master/pool/deep/er/a1.ann.json": ann(True),
        f"{root}ann.json/members/anna b@x.org/pool/a1.ann.json": ann(True, m_6=ON),
        f"{root}ann.json/members/org:zoë/pool/deep/a3.ann.json": ann(),
    }


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def through(folder: Path, paths: Iterable[Path]) -> tuple[dict[str, bytes], ImportReport]:
    """Import and export; return the files that went out by name, and the report."""
    with Corpus.create(folder / "c.db") as corpus:
        report = import_paths(corpus, list(paths), annotator="me")
        export(corpus, folder / "out.zip", overwrite=True)
    with zipfile.ZipFile(folder / "out.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}, report


def test_a_project_goes_out_with_every_byte_and_name(tmp_path: Path) -> None:
    given = project()
    out, report = through(tmp_path, [zipped(tmp_path / "in.zip", given)])
    assert set(out) == set(given) | {"P/scheme.toml"}
    assert {name: body for name, body in out.items() if name in given} == given
    assert [p.severity for p in report.problems if p.severity != "noted"] == ["repaired"]


def test_once_more_through_what_went_out(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    first, _ = through(tmp_path / "one", [zipped(tmp_path / "in.zip", project())])
    second, _ = through(tmp_path, [tmp_path / "one" / "out.zip"])
    assert second == first


def test_a_project_at_the_root_of_a_zip(tmp_path: Path) -> None:
    given = project("")
    out, _ = through(tmp_path, [zipped(tmp_path / "in.zip", given)])
    assert {name.removeprefix("corpus/") for name in out} == set(given) | {"scheme.toml"}
    assert all(out[f"corpus/{name}"] == body for name, body in given.items())


@pytest.mark.parametrize("place", ["ann.json/annotations-legend.json", "elsewhere/annotations-legend.json"])
def test_a_legend_at_another_level_names_the_labels(tmp_path: Path, place: str) -> None:
    given = project("")
    given[place] = given.pop("annotations-legend.json")
    found = list(registry.read_paths([zipped(tmp_path / "in.zip", given)]))
    types = {
        e.type
        for d in found
        if isinstance(d, ExchangedDocument)
        for v in d.versions
        for e in v.annotations.entities.values()
    }
    assert types == {"Drug"}


def test_two_projects_in_a_zip_keep_their_names_apart(tmp_path: Path) -> None:
    other = {
        name.replace("P/", "Q/").replace("a1", "z1"): body.replace(b'<html id="', b'<html id="q')
        for name, body in project().items()
    }
    other["Q/annotations-legend.json"] = b'{"e_1": "Disease", "e_2": "Drug"}'
    out, report = through(tmp_path, [zipped(tmp_path / "in.zip", project() | other)])
    legend = json.loads(out["corpus/annotations-legend.json"])
    names = {name: id for id, name in legend.items()}
    assert {"Drug", "Disease"} <= names.keys()
    row = json.loads(out["corpus/ann.json/master/pool/z1.ann.json"])["entities"][0]
    assert row["classId"] == names["Disease"]
    assert report.counts.created == 6


def test_members_without_master(tmp_path: Path) -> None:
    given = {name: body for name, body in project().items() if "/master/" not in name}
    out, _ = through(tmp_path, [zipped(tmp_path / "in.zip", given)])
    assert {name for name in out if "ann.json/" in name} == {name for name in given if "ann.json/" in name}


def test_a_version_1_id_is_kept_as_a_name(tmp_path: Path) -> None:
    id = "0123456789abcdef0123456789abcdef:my note.txt"
    given = {f"P/plain.html/pool/{id}.plain.html": html(id), f"P/ann.json/master/pool/{id}.ann.json": ann()}
    out, _ = through(tmp_path, [zipped(tmp_path / "in.zip", given | {"P/annotations-legend.json": b'{"e_1":"D"}'})])
    assert given.items() <= out.items()


@pytest.mark.parametrize("name", ["evil/../../up", "a\x1bb", "x" * 400, "tab\tname", "..", "anna\\bob"])
def test_an_annotators_name_that_is_no_folder_comes_back(tmp_path: Path, name: str) -> None:
    (tmp_path / "rows.jsonl").write_text("")
    row = {"id": "d", "text": "Aspirin", "spans": [{"start": 0, "end": 7, "label": "D"}], "confirmed": True}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    with Corpus.create(tmp_path / "c.db") as corpus:
        import_paths(corpus, [tmp_path / "rows.jsonl"], annotator="me")
        with corpus.transaction() as db:
            db.execute("INSERT INTO annotator(name) VALUES (?)", (name,))
            db.execute("UPDATE version SET annotator = (SELECT max(id) FROM annotator)")
            db.execute("UPDATE document SET master = NULL")
        report = export(corpus, tmp_path / "out")
    assert any("is no name of a folder" in problem.reason for problem in report.problems)
    (found,) = [d for d in registry.read_paths([tmp_path / "out"]) if isinstance(d, ExchangedDocument)]
    assert {v.annotator for v in found.versions} == {name}
    inside = (tmp_path / "out").resolve()
    assert all(path.resolve().is_relative_to(inside) for path in (tmp_path / "out").rglob("*"))
    assert not (tmp_path / "up").exists()


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + html("d"),
        html("d").replace(b"\n", b"\r\n"),
        html("d", "Aspirin&nbsp;&#8212; <b>x<sup>2</sup></b><br/><!-- note --><a id='ref'>y</a>"),
        html("d").replace(b'id="d" data-origid="d"', b"data-origid='d' lang='en-GB' class=anndoc id=d"),
        html("d", "Aspirin</p><pre id='s2v1'>\n\nfirst</pre><p>"),
        html("d", start='<?xml version="1.0" encoding="UTF-8"?>'),
        b'<html id="d"><body><section data-type="abstract"><h2 id="s1p1">Aspirin</h2></section></body></html>',
        b'<html id="d"><body><table><tr><td id="s1p1">Aspirin</td><td id="s1p2"/></tr></table></body></html>',
        b'<html id="d"><figure id="s1f1"><img src="x"/><figcaption id="s1p1">Aspirin</figcaption></figure></html>',
    ],
    ids=["mark", "crlf", "inline", "attributes", "pre", "xml", "heading", "table", "figure"],
)
def test_every_kind_of_html_goes_out_as_it_came(tmp_path: Path, body: bytes) -> None:
    given = {"P/annotations-legend.json": b'{"e_1":"D"}', "P/plain.html/pool/d.plain.html": body}
    given["P/ann.json/master/pool/d.ann.json"] = ann()
    out, report = through(tmp_path, [zipped(tmp_path / "in.zip", given)])
    assert given.items() <= out.items()
    assert report.counts.suggestions == 1


def test_a_legend_is_changed_only_where_names_changed(tmp_path: Path) -> None:
    given = project()
    given["P/ann.json/master/pool/deep/a3.ann.json"] = ann().replace(b'"e_1"', b'"e_12"')
    out, _ = through(tmp_path, [zipped(tmp_path / "in.zip", given)])
    assert out["P/annotations-legend.json"] == LEGEND.replace(b'(e_1|e_1)"}', b'(e_1|e_1)", "e_12": "e_12"}')


def test_a_version_that_comes_again_is_kept_in_its_new_bytes(tmp_path: Path) -> None:
    given = project("")
    (tmp_path / "one").mkdir()
    with Corpus.create(tmp_path / "c.db") as corpus:
        import_paths(corpus, [zipped(tmp_path / "in.zip", given)], annotator="me")
        name = "ann.json/master/pool/a1.ann.json"
        given[name] = given[name].replace(b'"start": 0, "text": "Aspirin"', b'"start":8,  "text": "helps"')
        import_paths(corpus, [zipped(tmp_path / "in.zip", given)], annotator="me")
        export(corpus, tmp_path / "out")
    assert (tmp_path / "out" / name).read_bytes() == given[name]


def test_links_and_names_that_lead_out_stay_out(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../evil.plain.html", html("e"))
        link = zipfile.ZipInfo("P/plain.html/pool/l.plain.html")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("P/plain.html/pool/a.plain.html", html("a"))
        archive.writestr("P/plain.html/pool/deep.plain.html", "<html id='z'>" + "<div>" * 200_000)
        archive.writestr("P/ann.json/master/pool/a.ann.json", b"[" * 200_000)
    (tmp_path / "in.zip").write_bytes(buffer.getvalue())
    out, report = through(tmp_path, [tmp_path / "in.zip"])
    assert [name for name in out if name.endswith("plain.html")] == ["corpus/plain.html/pool/a.plain.html"]
    refused = "\n".join(str(p) for p in report.problems if p.severity == "refused")
    for reason in ("leads out of the archive", "symbolic link", "inside each other", "is no JSON"):
        assert reason in refused
