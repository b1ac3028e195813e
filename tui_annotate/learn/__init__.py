"""tui_annotate.learn"""
