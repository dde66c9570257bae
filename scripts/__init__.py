"""What is run from the command line, and what the tests import of it."""
