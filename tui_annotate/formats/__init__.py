"""tui_annotate.formats"""
