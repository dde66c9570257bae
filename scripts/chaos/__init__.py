"""The parts of `chaos.py`: the server under test, its users and their events, the database, and the scenes.

Nothing of `chat` is imported: everything is observed from outside, over HTTP and in the database.
"""
