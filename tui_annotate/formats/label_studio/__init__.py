"""Label Studio's and Annotation Lab's tasks."""
