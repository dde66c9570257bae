"""Flag on a running turn that asks its worker to stop it, set by workers that cannot reach that one."""

STATEMENTS = (
    "ALTER TABLE turns ADD COLUMN stop_requested INTEGER NOT NULL DEFAULT 0",
    # Almost always empty: a worker reads it in each checkpoint.
    "CREATE INDEX turns_to_stop ON turns (worker) WHERE stop_requested = 1 AND status = 'running'",
)
