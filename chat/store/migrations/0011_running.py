"""How many turns a user has running is asked whenever one begins."""

STATEMENTS = ("CREATE INDEX conversations_running ON conversations (user_id) WHERE active_turn_id IS NOT NULL",)
