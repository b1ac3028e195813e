"""Use cases that join store, formats, session and learner: importing, exporting, training, simulating."""
