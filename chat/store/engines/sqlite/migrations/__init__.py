"""The steps of SQLite's tables. `chat/store/migrations.py` says how they are written and applied."""

from chat.store.engines.contract import Step

# The first release had the steps up to 5, and it can use the result of all others.
STEPS = (
    Step("0001_conversations", runs_with=1),
    Step("0002_keep_and_share", runs_with=2),
    Step("0003_search", runs_with=3),
    Step("0004_progress", runs_with=4),
    Step("0005_unindexed", runs_with=5),
    Step("0006_daily_use", runs_with=5),
    Step("0007_removal", runs_with=5),
    Step("0008_tool_call_extras", runs_with=5),
    Step("0009_turn_details", runs_with=5),
    Step("0010_used_sessions", runs_with=5),
    Step("0011_running", runs_with=5),
    Step("0012_readiness", runs_with=5),
    Step("0013_stop_requests", runs_with=5),
    Step("0014_worker_reports", runs_with=5),
    Step("0015_ended_admin_sessions", runs_with=5),
)
