"""Addresses for monitoring and load balancers."""
