"""The parts of `test_concurrent_users.py`. Standard library only: it must run where nothing was installed."""
