"""Small real corpora that come with the program, with their gold."""
