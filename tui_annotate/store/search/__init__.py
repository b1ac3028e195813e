"""Finding documents by a query: an index that is always right, and the sets that it answers with."""
