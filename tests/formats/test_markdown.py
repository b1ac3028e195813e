"""Markdown: blocks become parts with the text as it is written."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.formats.helpers import corpora, docs, problems, read, source
from tests.formats.test_roundtrip import back, few
from tui_annotate.domain.interchange import ExchangedDocument

PAGE = """---
title: x
---
Intro *with* [a link](http://x.org).

# Findings #

Two lines
of one paragraph.

- first
- second

> quoted

Plan
----

```python
x = 1

y = 2
```

| drug | dose |
|------|------|
| aspirin | 81 mg |
"""


def test_blocks_become_parts() -> None:
    items = read("markdown", source("notes/a.md", PAGE))
    (one,) = docs(items)
    assert [(part.id, part.text) for part in one.document.parts] == [
        ("s1p1", "Intro *with* [a link](http://x.org)."),
        ("s2h1", "Findings"),
        ("s2p1", "Two lines\nof one paragraph."),
        ("s2p2", "first"),
        ("s2p3", "second"),
        ("s2p4", "quoted"),
        ("s3h1", "Plan"),
        ("s3v1", "x = 1\n\ny = 2"),
        ("s3p1", "drug"),
        ("s3p2", "dose"),
        ("s3p3", "aspirin"),
        ("s3p4", "81 mg"),
    ]
    assert (one.document.key, one.document.folder) == ("notes/a.md", "notes")
    assert one.source == {"md": PAGE.encode()}
    assert "between `---`" in problems(items)[0].reason


@few
@given(corpora(versions=0))
def test_markdown_comes_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("markdown", "corpus", documents)
    assert before.matches(after)


@pytest.mark.parametrize("content", ["", " \n\n\t", "---\na: b\n---\n", b"\xff\xfe\xff"])
def test_files_without_text_are_refused(content: str | bytes) -> None:
    items = read("markdown", source("a.md", content))
    assert docs(items) == []
    assert problems(items, "refused")


@pytest.mark.parametrize("content", [">" * 200_000 + "a", "> " * 50_000 + "a", "- " * 100_000, "[" * 200_000])
def test_deep_nesting_is_survived_and_said(content: str) -> None:
    items = read("markdown", source("a.md", content))
    assert docs(items) or problems(items)
