"""The steps of SQLite's tables. `chat/store/migrations.py` says how they are written and applied."""

STEPS = (
    "0001_conversations",
    "0002_keep_and_share",
    "0003_search",
    "0004_progress",
    "0005_unindexed",
    "0006_daily_use",
    "0007_removal",
    "0008_tool_call_extras",
    "0009_turn_details",
    "0010_used_sessions",
    "0011_running",
    "0012_readiness",
)
