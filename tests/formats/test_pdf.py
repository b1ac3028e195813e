"""PDF: the text of the pages, and what is said of those without."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import pytest

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.errors import UsageError
from tui_annotate.formats import pdf, registry, writing
from tui_annotate.formats.base import WriteOptions

pytest.importorskip("pypdfium2")


def made(pages: Sequence[Sequence[str]], *, packed: bytes = b"", trailer: str = "") -> bytes:
    """Return a PDF of pages of lines; `packed` takes the place of the first page's content."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    font = 3 + 2 * len(pages)
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode()]
    for number, lines in enumerate(pages):
        resources = f"/Resources << /Font << /F1 {font} 0 R >> >>"
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {4 + 2 * number} 0 R {resources} >>"
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        body = packed or f"BT /F1 12 Tf 72 720 Td 14 TL {shown} ET".encode()
        filter = " /Filter /FlateDecode" if packed else ""
        objects += [page.encode(), b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(body), filter.encode(), body)]
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    content, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer << /Size {len(objects) + 1} /Root 1 0 R"
    return content + f"{end} {trailer}>>\nstartxref\n{len(content)}\n%%EOF".encode()


def test_each_page_is_a_part() -> None:
    items = read("pdf", source("x/a.pdf", made([["Aspirin 81 mg daily.", "No head-", "ache."], [], ["Page \\(3\\)."]])))
    (one,) = docs(items)
    assert [(part.id, part.text) for part in one.document.parts] == [
        ("s1v1", "Aspirin 81 mg daily.\nNo head-\nache."),
        ("s3v1", "Page (3)."),
    ]
    assert (one.document.key, one.document.folder) == ("x/a.pdf", "x")
    assert [(p.severity, p.field) for p in problems(items)] == [("noted", "pages 2")]


def test_a_scan_is_refused_with_the_reason() -> None:
    items = read("pdf", source("a.pdf", made([[], []])))
    assert docs(items) == []
    assert "OCR" in problems(items, "noted")[0].reason
    assert "no page holds text" in problems(items, "refused")[0].reason


def test_an_encrypted_file_is_refused_as_such() -> None:
    locked = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'61' * 32}> /U <{'62' * 32}> >> /ID [<63> <63>] "
    items = read("pdf", source("a.pdf", made([["x"]], trailer=locked)))
    assert docs(items) == []
    assert "encrypted" in problems(items, "refused")[0].reason


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "LARGEST_STREAM", 1 << 20)
    items = read("pdf", source("a.pdf", made([["x"]], packed=zlib.compress(b" " * (3 << 20)))))
    assert "unpacks to more than" in problems(items, "refused")[0].reason


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", b"x" * 100, made([["x"]])[:200]])
def test_what_is_no_pdf_is_refused(content: bytes) -> None:
    items = read("pdf", source("a.pdf", content))
    assert docs(items) == []
    assert problems(items, "refused")


def test_pdf_is_not_written() -> None:
    with pytest.raises(UsageError, match="read only"):
        writing.write([], registry.get("pdf"), "out.pdf", WriteOptions())
