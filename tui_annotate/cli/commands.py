"""The table of commands: which module holds each, so that only the one that is called gets loaded."""

COMMANDS: dict[str, str] = {
    "open": "opening",
    "demo": "demo",
    "new": "corpora",
    "scheme": "schemes",
    "import": "exchange",
    "export": "exchange",
    "formats": "exchange",
    "train": "learning",
    "predict": "learning",
    "evaluate": "learning",
    "runs": "runs",
    "versions": "versions",
    "tag": "tags",
    "simulate": "simulating",
    "settings": "settings",
    "patterns": "patterns",
    "queue": "queueing",
    "keys": "keys",
    "search": "looking",
    "stats": "looking",
    "verify": "trust",
    "rebuild": "trust",
    "backup": "trust",
    "doctor": "doctor",
}
"""In the order of the help."""
