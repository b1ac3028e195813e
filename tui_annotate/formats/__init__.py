"""One module per file format, a reader and a writer each, and the registry that names them."""
