"""tui_annotate.learn/engines"""
