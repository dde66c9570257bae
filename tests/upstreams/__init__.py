"""Model servers that others wrote, asked through the real server: llmock and stubllm (PyPI), aimock (npm).

`scripts/upstreams` installs them into this folder at pinned versions. Nothing of theirs is imported.
"""
