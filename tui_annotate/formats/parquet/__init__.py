"""Parquet tables with the columns of Hugging Face data sets."""
