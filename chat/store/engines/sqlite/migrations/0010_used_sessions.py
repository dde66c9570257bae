"""Time of last use of each session, to renew cookies and to delete unused users."""

STATEMENTS = (
    # 0: not used since this step was applied; `created_at` counts then.
    "ALTER TABLE sessions ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0",
    "CREATE INDEX sessions_of_user ON sessions (user_id)",
)
