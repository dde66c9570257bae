"""The caller of a request: identity and access."""
