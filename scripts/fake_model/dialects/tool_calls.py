"""How tool calls come, and what must come back with them."""

from __future__ import annotations

from scripts.fake_model.dialects.dialect import CALLED, FINAL, Dialect, call, calling, piece

TOOL_CALLS: dict[str, Dialect] = {
    "call-plain": Dialect("a call in one event", (calling(call()), FINAL), CALLED),
    "call-pieces": Dialect(
        "arguments in pieces",
        (
            [
                piece({"tool_calls": [call("")]}),
                piece({"tool_calls": [{"index": 0, "function": {"arguments": '{"country": '}}]}),
                piece({"tool_calls": [{"index": 0, "function": {"arguments": '"China"}'}}]}, "tool_calls"),
            ],
            FINAL,
        ),
        CALLED,
    ),
}
