"""CoNLL-U: words in ten columns."""
