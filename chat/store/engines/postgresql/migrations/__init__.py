"""The steps of PostgreSQL's tables. `chat/store/migrations.py` says how they are written and applied."""

from chat.store.engines.contract import Step

STEPS = (
    Step("0001_tables", runs_with=1),
    Step("0002_worker_reports", runs_with=1),
    Step("0003_ended_admin_sessions", runs_with=1),
)
