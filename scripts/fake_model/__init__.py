"""The parts of `fake_llm.py`."""
