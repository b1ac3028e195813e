"""Changing labels in the middle of a project: one act over everything that names them."""
