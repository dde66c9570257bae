"""The finish reasons, in any case and spelling: an incomplete answer is never complete."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import ModelInterrupted, ModelRejected, ModelUnavailable
from chat.llm.openai.answer.finish import fault_of, is_none, may_be_replaced

WELL = (
    *("stop", "STOP", "Stop", "tool_calls", "tool_call", "TOOL_CALLS", "function_call", "end_turn", "endTurn", "eos"),
    *("eos_token", "stop_sequence", "stop-sequence", "complete", "COMPLETE", "tool_use", "toolUse", "completed"),
    *("FINISH_REASON_STOP", "finish-reason: stop", "STOP_REASON_END_TURN", "stopped_eos", "<|eot_id|>", "normal"),
    *("CompletionsFinishReason.STOPPED", "stop_token_ids", "matched_stop", "eogToken", "<|im_end|>", "message_stop"),
)
CUT = (
    *("length", "max_tokens", "MAX_TOKENS", "maxTokens", "max-tokens", "model_length", "max_output_tokens"),
    *("FINISH_REASON_MAX_TOKENS", "LENGTH", "token_limit", "model_context_window_exceeded", "incomplete", "truncated"),
    *("CompletionsFinishReason.TOKEN_LIMIT_REACHED", "max_turns", "partial", "time_limit"),
)
FILTERED = (
    *("content_filter", "content_filtered", "contentFiltered", "SAFETY", "RECITATION", "BLOCKLIST", "IMAGE_SAFETY"),
    *("PROHIBITED_CONTENT", "SPII", "refusal", "guardrail_intervened", "sensitive", "moderation", "ERROR_TOXIC"),
    *("risk_control", "MODEL_ARMOR", "unsafe", "data_inspection_failed"),
)
FAILED = (
    *("error", "ERROR", "insufficient_system_resource", "network_error", "malformed_function_call", "cancelled"),
    *("canceled", "abort", "aborted", "timeout", "ERROR_LIMIT", "UNEXPECTED_TOOL_CALL", "failed"),
    *("rate_limit", "out_of_memory", "terminated", "length_error"),
)
UNKNOWN = ("blue", "OTHER", "pause_turn", "FINISH_REASON_UNSPECIFIED", "?", "nonstop", "stop it", "\ud800", "x" * 500)


@pytest.mark.parametrize("reason", WELL)
def test_what_ends_well(reason):
    assert fault_of(reason) is None
    assert may_be_replaced(reason)


@pytest.mark.parametrize(
    ("reasons", "kind", "word"),
    [
        (CUT, ModelInterrupted, "limit"),
        (FILTERED, ModelRejected, "filter"),
        (FAILED, ModelUnavailable, "gave up"),
        (UNKNOWN, ModelInterrupted, "unknown reason"),
    ],
)
def test_what_does_not(reasons, kind, word):
    for reason in reasons:
        fault = fault_of(reason)
        assert type(fault) is kind, reason
        assert word in str(fault)
        assert len(str(fault)) < 200
        assert str(fault).isascii()
        assert may_be_replaced(reason) is (reasons is UNKNOWN)


@given(
    st.sampled_from(CUT + FILTERED + FAILED),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.sampled_from("_- ./:"),
)
def test_case_and_separators_change_nothing(reason, change, separator):
    assert type(fault_of(change(reason).replace("_", separator))) is type(fault_of(reason))


@pytest.mark.parametrize("reason", ["", " ", "null", "NULL", "None"])
def test_what_is_no_reason(reason):
    assert is_none(reason)
