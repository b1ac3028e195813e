"""The formats of markup, of the biomedical tools and of data sets, gathered for the registry."""

from __future__ import annotations

from tui_annotate.formats import bioc_json, bioc_xml, html, markdown, parquet, pdf, xmi
from tui_annotate.formats.base import Format

FORMATS: tuple[Format, ...] = (
    xmi.FORMAT,
    bioc_xml.FORMAT,
    bioc_json.FORMAT,
    html.FORMAT,
    markdown.FORMAT,
    parquet.FORMAT,
    pdf.FORMAT,
)
