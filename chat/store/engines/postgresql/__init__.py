"""PostgreSQL, for several servers that share one database."""
