"""Operators' addresses, below `/admin`."""
