"""When each session was used last, to renew cookies and to forget browsers that never wrote anything."""

STATEMENTS = (
    # 0: not since this column is here. See `created_at` then.
    "ALTER TABLE sessions ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX sessions_of_user ON sessions (user_id)",
)
