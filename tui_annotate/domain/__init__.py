"""Values and rules of annotation: pure Python, no I/O, imports nothing of ours but `errors`."""
