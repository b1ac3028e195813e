"""tui_annotate.screens"""
