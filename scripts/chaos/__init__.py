"""The parts of `chaos.py`: a server to break, users who ask, what they heard, what the database says, and the scenes.

Nothing of `chat` is imported: everything is looked at from outside, over HTTP and in the database's file.
"""
