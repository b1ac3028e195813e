"""Files of labels, of ours and of other tools."""
