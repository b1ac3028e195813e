"""tui_annotate.session"""
