"""anndoc, the format of tagtog: pairs of plain.html and ann.json, read and written to the byte."""
