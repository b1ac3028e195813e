"""The text mirror: files that people read, edit and compare."""
