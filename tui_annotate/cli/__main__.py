"""Let `python -m tui_annotate.cli` run the program."""

from tui_annotate.cli import main

main()
