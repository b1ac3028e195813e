"""tui_annotate.cli"""
