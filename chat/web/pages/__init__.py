"""Pages for browsers, and their files."""
