"""Opening PATHs: what is read, what is refused, and what cannot hurt."""

from __future__ import annotations

import io
import random
import stat
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats import archives, registry
from tui_annotate.formats.base import ReadOptions
from tui_annotate.formats.safety import Names, safe_name, safe_path
from tui_annotate.formats.source import decode


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    """Write an ordinary zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def keys_and_refusals(path: Path | str) -> tuple[list[str], dict[str, str]]:
    """Return the keys of the documents, and the reasons by place of what was refused."""
    items = list(registry.read_paths([path]))
    refused = {p.where.rpartition(".zip/")[2]: p.reason for p in problems(items, "refused")}
    return [d.document.key for d in docs(items)], refused


def test_a_folder_is_walked_and_unknown_files_are_named(tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.txt", "a/d.jsonl", "x.exe", ".hidden.txt", ".git/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"id": "row", "text": "t"}')
    items = list(registry.read_paths([tmp_path]))
    assert [d.document.key for d in docs(items)] == ["a/c.txt", "b.txt", "row"]
    assert {(Path(p.where).name, p.severity) for p in problems(items)} == {
        ("x.exe", "refused"),
        (".hidden.txt", "noted"),
        (".git", "noted"),
    }


def test_links_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "own.txt").write_text("own")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "alias.txt").symlink_to(folder / "own.txt")
    (folder / "up").symlink_to(tmp_path)
    items = list(registry.read_paths([folder]))
    assert [d.document.text for d in docs(items)] == ["own", "own"]
    assert {Path(p.where).name for p in problems(items, "refused")} == {"out.txt", "up"}


@pytest.mark.parametrize(
    "name", ["../up.txt", "a/../../up.txt", "/etc/x.txt", "C:/x.txt", "..\\up.txt", "\\\\host\\x.txt"]
)
def test_members_that_leave_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    path = make_zip(tmp_path / "a.zip", {name: b"bad", "fine.txt": b"good"})
    keys, refused = keys_and_refusals(path)
    assert keys == ["fine.txt"]
    assert "member is not read" in refused[name]


def test_links_and_encrypted_and_nested_members_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", b"PK\x05\x06" + b"\0" * 18)
        archive.writestr("locked.txt", b"cipher")
        archive.writestr("fine.txt", b"good")
    body = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = 0
        while (at := body.find(signature, at)) >= 0:
            if b"locked.txt" in body[at : at + 60]:
                body[at + offset] |= 1
            at += 4
    path.write_bytes(body)
    keys, refused = keys_and_refusals(path)
    assert keys == ["fine.txt"]
    assert {name: reason.split(";")[0] for name, reason in refused.items()} == {
        "link.txt": "is a symbolic link",
        "inner.zip": "is a zip inside a zip",
        "locked.txt": "is encrypted",
    }


def test_of_two_members_with_one_name_the_last_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"first")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", b"second")
    items = list(registry.read_paths([path]))
    assert [d.document.text for d in docs(items)] == ["second"]
    assert "twice" in problems(items, "refused")[0].reason


def test_a_bomb_is_refused_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 20)
    path = make_zip(tmp_path / "a.zip", {"bomb.txt": b"0" * (2 << 20), "fine.txt": b"good"})
    keys, refused = keys_and_refusals(path)
    assert keys == ["fine.txt"]
    assert "zip bomb" in refused["bomb.txt"]


def test_overlapping_members_are_refused_as_a_whole(tmp_path: Path) -> None:
    content = random.Random(0).randbytes(4000)
    sizes = (zlib.crc32(content), len(content), len(content), 5)
    body = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 0, 0, 0, *sizes, 0) + b"a.txt" + content
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, *sizes, 0, 0, 0, 0, 0, 0)
    directory = b"".join(entry + name for name in (b"a.txt", b"b.txt", b"c.txt"))
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 3, 3, len(directory), len(body), 0)
    (tmp_path / "a.zip").write_bytes(body + directory + end)
    items = list(registry.read_paths([tmp_path / "a.zip"]))
    assert docs(items) == []
    assert ["overlap" in p.reason for p in problems(items, "refused")] == [True]


def test_a_damaged_member_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"bad.txt": bytes(range(256)) * 40, "fine.txt": b"good"})
    body = bytearray(path.read_bytes())
    body[60] ^= 0xFF
    path.write_bytes(body)
    keys, refused = keys_and_refusals(path)
    assert keys == ["fine.txt"]
    assert list(refused) == ["bad.txt"]


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 500, b"PK\x05\x06" + b"\xff" * 18])
def test_what_only_begins_like_a_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    items = list(registry.read_paths([tmp_path / "a.zip"]))
    assert [p.severity for p in problems(items)] == ["refused"]


def test_a_path_that_is_missing_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no such file"):
        list(registry.read_paths(["/no/such/file.txt"]))


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="jsonl"):
        registry.get("json")


@pytest.mark.parametrize(
    ("piped", "keys"),
    [(b"just some text", 1), (b'{"id": "a", "text": "x"}\n{"id": "b", "text": "y"}\n', 2)],
)
def test_standard_input_is_sniffed(monkeypatch: pytest.MonkeyPatch, piped: bytes, keys: int) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
    assert len(docs(registry.read_paths(["-"]))) == keys


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a\r\nb\rc\n", "a\r\nb\rc\n"),
        ("nul \x00 esc \x1b[31m bell \x07", "nul \x00 esc \x1b[31m bell \x07"),
        (
            "\u05e9\u05dc\u05d5\u05dd \U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301",
            "\u05e9\u05dc\u05d5\u05dd \U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301",
        ),
    ],
)
def test_text_is_kept_to_the_character(tmp_path: Path, content: str, text: str) -> None:
    (tmp_path / "a.txt").write_bytes(content.encode())
    (document,) = docs(registry.read_paths([tmp_path / "a.txt"]))
    assert document.document.text == text
    assert document.source == {"txt": content.encode()}


def test_a_huge_single_line_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 50_000_000)
    (document,) = docs(registry.read_paths([tmp_path / "a.txt"]))
    assert len(document.document.text) == 50_000_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"caf\xe9 au lait", "byte 3 (0xe9)"),
        (b"", "empty"),
        (b"\xff\xfea", "UTF-16"),
        (b"\xff\xfe\0\0a\0\0\0", "UTF-32"),
    ],
)
def test_text_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    items = list(registry.read_paths([tmp_path / "a.txt"]))
    assert docs(items) == []
    assert said in problems(items, "refused")[0].reason


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_no_text(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("é\n".encode(encoding))
    items = list(registry.read_paths([tmp_path / "a.txt"]))
    assert docs(items)[0].document.text == "é\n"
    assert [p.severity for p in problems(items)] == ["noted"]


def test_paragraphs_and_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\nstill one\n\n \n two\r\n\r\nthree\n")
    (document,) = docs(registry.read_paths([tmp_path], options=ReadOptions(parts="paragraphs")))
    assert [(p.id, p.text) for p in document.document.parts] == [
        ("s1p1", "one\nstill one"),
        ("s1p2", " two"),
        ("s1p3", "three"),
    ]
    (document,) = docs(registry.read_paths([tmp_path], options=ReadOptions(parts="lines")))
    assert [p.text for p in document.document.parts] == ["one", "still one", " two", "three"]


def test_names_are_made_safe_and_stay_apart() -> None:
    assert safe_name("../../x") == ".._.._x"
    assert safe_name("con.txt") == "_con.txt"
    assert safe_name("..") == "_"
    assert safe_path("a/../b") == "a/_/b"
    assert len(safe_name("é" * 400).encode()) <= 180
    names = Names()
    assert names.take("a/X.txt", "1") == "a/X.txt"
    assert names.take("a/x.txt", "2") != "a/x.txt"


def test_a_zip_through_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piped = make_zip(tmp_path / "a.zip", {"a.txt": b"one", "b.txt": b"two"}).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
    assert [d.where for d in docs(registry.read_paths(["-"]))] == ["-/a.txt", "-/b.txt"]


@pytest.mark.parametrize(
    ("content", "reason", "hint"),
    [
        ("Grüße an alle".encode("utf-16-le"), "byte 4 (0xfc)", "iconv -f UTF-16LE"),
        ("Grüße an alle".encode("utf-16-be"), "byte 5 (0xfc)", "iconv -f UTF-16BE"),
        ("Grüße an alle".encode("latin-1"), "byte 2 (0xfc)", "iconv -f WINDOWS-1252"),
        (b"\xff\xfe\x00", "is not UTF-16", "cut off"),
    ],
)
def test_what_is_no_utf_8_says_how_to_make_it_that(content: bytes, reason: str, hint: str) -> None:
    with pytest.raises(DataError) as raised:
        decode(content)
    assert reason in raised.value.message
    assert hint in str(raised.value.hint)


def test_utf_16_without_a_mark_that_could_be_text_is_at_least_said() -> None:
    assert "NUL" in decode("Hello, all of you".encode("utf-16-le")).note
    assert not decode(b"Hello\x00all of you").note


@pytest.mark.parametrize("half", ["\\ud800", "\\uDC00", "x\\\\\\ud83d", "\\ud83d\\n"])
@pytest.mark.parametrize("format", ["jsonl", "prodigy", "doccano", "bioc-json"])
def test_half_a_pair_of_surrogates_is_named(format: str, half: str) -> None:
    row = f'{{"text": "a{half}", "documents": []}}\n{{"text": "b"}}\n'
    (refused, *_) = problems(read(format, source("a.jsonl", row)), "refused")
    assert refused.where == "a.jsonl:1"
    assert "half a surrogate pair" in refused.reason
    whole = '{"text": "a\\ud83d\\ude00 \\\\ud800"}\n'
    assert not problems(read("jsonl", source("a.jsonl", whole)))
