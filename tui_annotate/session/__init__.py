"""The review session: what the annotator is looking at and may do next. Headless."""
