"""The command line. One module per group of commands; each imports what it needs inside the command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program and exit with one of the documented codes."""
    try:
        from tui_annotate.cli import rim

        code = rim.run(sys.argv[1:])
    except KeyboardInterrupt:  # before the rim was there to say so
        code = 130
    sys.exit(code)
