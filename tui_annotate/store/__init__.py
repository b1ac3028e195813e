"""tui_annotate.store"""
