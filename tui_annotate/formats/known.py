"""All formats, in the order in which files are held against them."""

from __future__ import annotations

from tui_annotate.formats import docbin, entitiestsv, markdown, pdf, text
from tui_annotate.formats.anndoc import format as anndoc
from tui_annotate.formats.base import Format
from tui_annotate.formats.bioc import json as bioc_json
from tui_annotate.formats.bioc import xml as bioc_xml
from tui_annotate.formats.brat import format as brat
from tui_annotate.formats.conll import format as conll
from tui_annotate.formats.conllu import format as conllu
from tui_annotate.formats.doccano import format as doccano
from tui_annotate.formats.doccano import table as doccano_table
from tui_annotate.formats.html import format as html
from tui_annotate.formats.jsonl import format as jsonl
from tui_annotate.formats.label_studio import format as label_studio
from tui_annotate.formats.parquet import format as parquet
from tui_annotate.formats.prodigy import format as prodigy
from tui_annotate.formats.pubannotation import format as pubannotation
from tui_annotate.formats.slate import format as slate
from tui_annotate.formats.tables import format as tables
from tui_annotate.formats.webanno import format as webanno
from tui_annotate.formats.xmi import format as xmi

FORMATS: dict[str, Format] = {
    fmt.name: fmt
    for fmt in (
        anndoc.FORMAT,
        jsonl.FORMAT,
        tables.CSV,
        tables.TSV,
        docbin.FORMAT,
        *conll.FORMATS,
        prodigy.FORMAT,
        label_studio.FORMAT,
        pubannotation.FORMAT,
        doccano.FORMAT,
        doccano_table.FORMAT,
        entitiestsv.FORMAT,
        entitiestsv.CLASSES,
        conllu.FORMAT,
        xmi.FORMAT,
        bioc_xml.FORMAT,
        bioc_json.FORMAT,
        html.FORMAT,
        markdown.FORMAT,
        parquet.FORMAT,
        pdf.FORMAT,
        brat.FORMAT,
        slate.FORMAT,
        webanno.FORMAT,
        text.FORMAT,
    )
}
"""By name."""
