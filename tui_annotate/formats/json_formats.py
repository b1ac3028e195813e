"""The formats of annotation tools that speak JSON, and the tables that go with them."""

from __future__ import annotations

from tui_annotate.formats import doccano, doccano_table, label_studio, prodigy

FORMATS = (prodigy.FORMAT, label_studio.FORMAT, doccano.FORMAT, doccano_table.FORMAT)
"""In the order in which a file's content is looked at."""
