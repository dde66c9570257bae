"""Ends of answers: complete, cut, filtered, failed, or empty."""

from __future__ import annotations

from scripts.fake_model.answers import CLOSE, RESET
from scripts.fake_model.dialects.dialect import (
    DONE,
    TEXT,
    Dialect,
    Outcome,
    event,
    piece,
    text_script,
    words,
)

HALF = words("Half of ")
_WELL = ("stop", "STOP", "FINISH_REASON_STOP", "end_turn", "eos", "eos_token", "stop_sequence", "COMPLETE", "endTurn")
_WELL += ("stop_token_ids", "CompletionsFinishReason.STOPPED")
_CUT = ("length", "max_tokens", "MAX_TOKENS", "FINISH_REASON_MAX_TOKENS", "model_length", "max_output_tokens")
_FILTERED = ("content_filter", "content_filtered", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII", "refusal")
_FILTERED += ("guardrail_intervened", "sensitive")
_FAILED = ("error", "insufficient_system_resource", "network_error", "MALFORMED_FUNCTION_CALL", "abort", "rate_limit")
_UNKNOWN = ("blue", "pause_turn", "OTHER")


def _ending(reason: str, outcome: Outcome) -> Dialect:
    return Dialect(f"ends with {reason}", (text_script(words(TEXT), finish=reason),), outcome)


_REASONS = (
    {f"end-{reason}": _ending(reason, Outcome()) for reason in _WELL}
    | {f"end-{reason}": _ending(reason, Outcome(TEXT, "failed", reason)) for reason in _CUT}
    | {f"end-{reason}": _ending(reason, Outcome(TEXT, "failed", reason)) for reason in _FILTERED}
    | {f"end-{reason}": _ending(reason, Outcome(TEXT, "failed", reason)) for reason in _FAILED}
    | {f"end-{reason}": _ending(reason, Outcome(TEXT, "failed", reason)) for reason in _UNKNOWN}
)

_ENDS: dict[str, Dialect] = {
    "end-done-alone": Dialect("[DONE] without a finish reason", ([words(TEXT), DONE],)),
    "end-done-in-other-letters": Dialect("[done] in a text", ([words(TEXT), event('"[done]"')],)),
    "end-done-event": Dialect("an event named done", ([words(TEXT), b"event: done\ndata: {}\n\n"],)),
    "end-done-bare": Dialect("[DONE] without the field's name", ([words(TEXT), b"[DONE]\n\n"],)),
    "end-done-flag": Dialect("an object that says done", ([words(TEXT), event({"done": True})],)),
    "end-error-bare": Dialect(
        "an error on a line without the field's name",
        ([HALF, b'{"error": "out of cache blocks"}\n'],),
        Outcome("Half of ", "failed", "out of cache blocks"),
    ),
    "end-error-field": Dialect(
        "an error in a field of its own",
        ([HALF, b'error: {"code": 500, "message": "out of cache blocks"}\n\n'],),
        Outcome("Half of ", "failed", "out of cache blocks"),
    ),
    "end-error-flag": Dialect(
        "a flag for an error beside a message",
        ([HALF, event({"error": True, "message": "out of cache blocks"})],),
        Outcome("Half of ", "failed", "out of cache blocks"),
    ),
    "end-error-late": Dialect(
        "an error after [DONE]", ([words(TEXT), piece({}, "stop"), DONE, event({"error": "no"})],)
    ),
    "end-other-name": Dialect(
        "a finish reason under another name",
        ([words(TEXT), event({"choices": [{"index": 0, "delta": {}, "stop_reason": "max_tokens"}]}), DONE],),
        Outcome(TEXT, "failed", "max_tokens"),
    ),
    "end-null-text": Dialect(
        "the text null as finish reason, until the end", ([words(TEXT, "null"), piece({}, "stop")],)
    ),
    "end-without-done": Dialect("a finish reason and no [DONE]", ([words(TEXT), piece({}, "stop")],)),
    "end-without-blank-line": Dialect("no empty line after the last event", ([words(TEXT), piece({}, "stop")[:-1]],)),
    "end-none": Dialect(
        "the body ends after a word", ([HALF],), Outcome("Half of ", "failed", "ended before its answer was complete")
    ),
    "end-cut": Dialect("the connection breaks", ([HALF, CLOSE],), Outcome("Half of ", "failed", "broke")),
    "end-stop-always": Dialect(
        "stop in each of eight chunks, half a second apart",
        ([part for n in range(8) for part in (words(f"{n} ", "stop"), 0.5)],),
        Outcome("0 1 2 3 4 5 6 7 "),
    ),
    "end-stop-always-slow": Dialect(
        "stop in every chunk, and long pauses", ([words("The figures ", "stop"), 3, words("are in.", "stop"), DONE],)
    ),
    "end-stop-always-cut": Dialect(
        "stop in every chunk, then the connection breaks",
        ([words("Half ", "stop"), 0.05, words("of ", "stop"), 0.05, CLOSE],),
        Outcome("Half of ", "failed", "broke"),
    ),
    "end-stop-always-reset": Dialect(
        "stop in the first chunk, then a reset",
        ([words("Half of ", "stop"), 0.2, RESET],),
        Outcome("Half of ", "failed", "broke"),
    ),
    "end-stop-always-silent": Dialect(
        "stop in every chunk, then silence",
        ([words("Half ", "stop"), 0.05, words("of ", "stop"), 30],),
        Outcome("Half of ", "failed", "silent"),
    ),
    "end-stop-first": Dialect(
        "stop before the first word",
        ([piece({"reasoning_content": ""}, "stop"), 3, words(TEXT), piece({}, "stop"), DONE],),
    ),
    "end-stop-before-words": Dialect(
        "words after the stop",
        ([words("The figures "), piece({}, "stop"), 1.5, words("are"), 1.5, words(" in."), DONE],),
    ),
    "end-length-then-stop": Dialect(
        "a limit, and stop after it",
        ([words(TEXT), piece({}, "length"), piece({}, "stop"), DONE],),
        Outcome(TEXT, "failed", "length"),
    ),
    "end-comments-only": Dialect(
        "nothing but comments for ever",
        ([HALF, *(part for _ in range(100) for part in (0.5, b": still here\n\n"))],),
        Outcome("Half of ", "failed", "silent"),
    ),
    "end-error-in-choice": Dialect(
        "an error within the choice",
        (
            [
                HALF,
                event(
                    {
                        "choices": [
                            {
                                "index": 0,
                                "delta": {"content": ""},
                                "finish_reason": "error",
                                "error": {"code": 502, "message": "The upstream gave up"},
                            }
                        ]
                    }
                ),
                DONE,
            ],
        ),
        Outcome("Half of ", "failed", "The upstream gave up"),
    ),
    "end-error-object": Dialect(
        "an error that is the event itself",
        ([HALF, event({"object": "error", "message": "out of cache blocks", "code": 500})],),
        Outcome("Half of ", "failed", "out of cache blocks"),
    ),
    "end-errors": Dialect(
        "a list of errors",
        ([HALF, event({"success": False, "errors": [{"code": 5, "message": "out of cache blocks"}]})],),
        Outcome("Half of ", "failed", ""),
    ),
    "end-words-and-error": Dialect(
        "words and an error in one event",
        ([event({"choices": [{"delta": {"content": "Half of "}}], "error": {"message": "out of cache blocks"}})],),
        Outcome("Half of ", "failed", "out of cache blocks"),
    ),
    "end-error-named": Dialect(
        "an event named error, in plain text",
        ([HALF, b"event: error\ndata: out of cache blocks\n\n"],),
        Outcome("Half of ", "failed", "out of cache blocks"),
    ),
    "end-garbled": Dialect(
        "an event that cannot be read",
        ([HALF, event(b'{"choices": [{"delta": {"con'), words("the answer"), piece({}, "stop"), DONE],),
        Outcome("Half of ", "failed", "cannot be read"),
    ),
    "empty": Dialect("an empty answer", (text_script(words("")),), Outcome("", "failed", "empty")),
    "empty-done": Dialect("nothing but [DONE]", ([DONE],), Outcome("", "failed", "empty")),
    "empty-blank": Dialect("blanks alone", (text_script(words(" \n")),), Outcome(" \n", "failed", "empty")),
    "empty-after-tool-choice": Dialect(
        "a finish reason for calls, and no calls", (text_script(finish="tool_calls"),), Outcome("", "failed", "empty")
    ),
    "reasoning-alone": Dialect(
        "reasoning and no answer",
        (text_script(piece({"reasoning": "Hm."})),),
        Outcome("", "failed", "only its reasoning", reasoning="Hm."),
    ),
    "refusal": Dialect(
        "a refusal in a field of its own", (text_script(piece({"refusal": "No, sorry."})),), Outcome("No, sorry.")
    ),
}

ENDINGS = _REASONS | _ENDS
