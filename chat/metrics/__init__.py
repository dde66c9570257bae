"""Figures for monitoring, in the format of Prometheus."""
