"""The command line. One module per group of commands; each imports what it needs inside the command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program and exit with one of the documented codes."""
    from tui_annotate.cli import rim

    sys.exit(rim.run(sys.argv[1:]))
