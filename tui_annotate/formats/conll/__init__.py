"""CoNLL columns of tokens and tags, in five notations."""
