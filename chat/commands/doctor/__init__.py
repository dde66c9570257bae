"""`flask --app wsgi doctor`: what an operator should know before and after a start, each line with its remedy."""
