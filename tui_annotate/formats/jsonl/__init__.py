"""JSON lines of our own."""
