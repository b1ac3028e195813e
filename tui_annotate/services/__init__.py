"""tui_annotate.services"""
