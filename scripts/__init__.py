"""Programs for the command line, and the parts of them that tests import."""
