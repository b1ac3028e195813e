"""doccano's rows and tables, of every generation."""
