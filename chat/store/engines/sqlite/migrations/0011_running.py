"""Index for the count of a user's running turns, which is read whenever a turn begins."""

STATEMENTS = ("CREATE INDEX conversations_running ON conversations (user_id) WHERE active_turn_id IS NOT NULL",)
