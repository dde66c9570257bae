"""Tests with model servers of other authors, through the real server: llmock and stubllm (PyPI), aimock (npm).

`scripts/upstreams` installs them into this folder at pinned versions. Nothing of theirs is imported.
"""
