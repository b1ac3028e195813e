"""tui-annotate: turn raw text into reviewed training data and a working model, in a terminal."""

__version__ = "0.3.0"
