"""The formats of annotation tools that speak JSON, and the tables that go with them."""

from __future__ import annotations

from tui_annotate.formats import doccano, doccano_table, entitiestsv, label_studio, prodigy, pubannotation

FORMATS = (
    prodigy.FORMAT,
    label_studio.FORMAT,
    pubannotation.FORMAT,
    doccano.FORMAT,
    doccano_table.FORMAT,
    entitiestsv.FORMAT,
    entitiestsv.CLASSES,
)
"""In the order in which a file's content is looked at."""
