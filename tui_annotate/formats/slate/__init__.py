"""SLATE's annotations beside texts."""
