"""Prodigy's rows."""
