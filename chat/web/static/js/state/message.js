// A message in the page's state, built from a stored message or from a turn's events. Pure functions.
//
// {key, id, parentId, role, status, parts, model, turnId, error, notices, usage, durationMs, siblings, feedback}
//
// `parts` are in reading order: {kind: "text", text}, {kind: "reasoning", text} or {kind: "tool", call: {id, name,
// label, arguments, result, progress?}}, where `result` is null until it arrives; `progress` is the call's last line. `siblings` are the known ids of all versions of
// the message. `feedback` is 1, -1 or null. `key` stays when `id` changes from a local one to the server's, so that the
// page keeps the elements.

/** Statuses after which another attempt makes sense, unless the error says otherwise. */
const FAILED = new Set(["failed", "interrupted", "stopped"]);

/**
 * @param {string} id
 * @param {Role} role
 * @param {Id | null} parentId
 * @returns {Message}
 */
export function localMessage(id, role, parentId, text = "") {
  return {
    ...blank(),
    siblings: [],
    feedback: null,
    key: id,
    id,
    parentId,
    role,
    status: role === "user" ? "completed" : "running",
    parts: text ? [{ kind: "text", text }] : [],
  };
}

function blank() {
  return { model: null, turnId: null, error: null, notices: [], usage: null, durationMs: null };
}

/**
 * Parse a message of `GET /api/conversations/<id>`. The position of reasoning is not stored, so it comes first.
 * @returns {Message}
 */
export function storedMessage(json) {
  const content = interleave(String(json.text ?? ""), Array.isArray(json.tool_calls) ? json.tool_calls : []);
  return {
    ...blank(),
    key: String(json.id),
    id: json.id,
    parentId: json.parent_id ?? null,
    role: json.role === "user" ? "user" : "assistant",
    status: String(json.status ?? "completed"),
    parts: json.reasoning ? [{ kind: "reasoning", text: String(json.reasoning) }, ...content] : content,
    model: json.model ?? null,
    turnId: json.turn_id ?? null,
    error: json.error ? readError(json.error) : null,
    notices: readNotices(json.notices),
    usage: json.usage ?? null,
    durationMs: json.duration_ms ?? null,
    siblings: Array.isArray(json.siblings) ? json.siblings.filter(Number.isInteger) : [],
    feedback: json.feedback === 1 || json.feedback === -1 ? json.feedback : null,
  };
}

/**
 * Return the message's text as it was written.
 * @param {Message} message
 */
export function textOf(message) {
  return message.parts
    .map((part) => (part.kind === "text" ? part.text : ""))
    .filter(Boolean)
    .join("\n\n")
    .trim();
}

/** Return text and tool calls in reading order. A call's `text_offset` counts code points. */
function interleave(text, calls) {
  /** @type {Part[]} */
  const parts = [];
  let from = 0;
  for (const { call, at } of callsWithOffsets(text, calls)) {
    if (at > from) parts.push({ kind: "text", text: text.slice(from, at) });
    from = Math.max(from, at);
    parts.push({ kind: "tool", call });
  }
  if (from < text.length) parts.push({ kind: "text", text: text.slice(from) });
  return parts;
}

function callsWithOffsets(text, calls) {
  return calls
    .map((json) => ({ call: storedCall(json), at: unitsBefore(text, Number(json.text_offset) || 0) }))
    .sort((one, other) => one.at - other.at);
}

/** Convert the server's count of code points to UTF-16 units. */
export function unitsBefore(text, characters) {
  let units = 0;
  for (let count = 0; count < characters && units < text.length; count += 1) {
    units += text.codePointAt(units) > 0xffff ? 2 : 1;
  }
  return units;
}

function storedCall(json) {
  return { ...readCall(json), result: json.result ? readResult(json.result) : null };
}

/** @returns {Omit<ToolCall, "result">} */
function readCall(json) {
  const name = String(json.name ?? "");
  return { id: String(json.id ?? ""), name, label: String(json.label || name), arguments: json.arguments ?? null };
}

/** @returns {ToolResult} */
function readResult(json) {
  return {
    ok: json.ok !== false,
    summary: String(json.summary ?? ""),
    data: json.data ?? null,
    durationMs: json.duration_ms ?? null,
  };
}

/** @returns {AnswerError} */
function readError(json) {
  return {
    code: String(json.code ?? ""),
    message: String(json.message ?? ""),
    retryable: json.retryable !== false,
    reason: typeof json.reason === "string" ? json.reason : "",
    retryAfter: Number.isFinite(json.retry_after) ? json.retry_after : null,
  };
}

/** Codes of notes on how the question was sent to the model. */
function readNotices(codes) {
  return Array.isArray(codes) ? codes.filter((code) => typeof code === "string") : [];
}

/**
 * Apply one event of the turn. An event of another kind returns the same object.
 * @param {Message} message
 * @param {string} name one of TurnEvents, or one that is not known yet
 * @returns {Message}
 */
export function applyEvent(message, name, data) {
  switch (name) {
    case "turn":
      // A turn may be followed again from its first event: its content arrives again.
      return {
        ...message,
        ...blank(),
        id: data.message_id,
        turnId: data.turn_id,
        model: data.model ?? null,
        status: "running",
        parts: [],
      };
    case "delta":
      return { ...message, parts: withText(message.parts, "text", data.text) };
    case "reasoning":
      return { ...message, parts: withText(message.parts, "reasoning", data.text) };
    case "tool_call":
      return { ...message, parts: [...message.parts, { kind: "tool", call: { ...readCall(data), result: null } }] };
    case "tool_progress":
      return { ...message, parts: withCall(message.parts, String(data.id), { progress: String(data.text) }) };
    case "tool_result":
      return { ...message, parts: withCall(message.parts, String(data.id), { result: readResult(data) }) };
    case "error":
      return { ...message, error: readError(data) };
    case "done":
      return {
        ...message,
        status: String(data.status),
        notices: readNotices(data.notices),
        usage: data.usage ?? null,
        durationMs: data.duration_ms ?? null,
      };
    default:
      return message;
  }
}

/**
 * @param {Part[]} parts
 * @param {"text" | "reasoning"} kind
 * @returns {Part[]}
 */
function withText(parts, kind, text) {
  if (typeof text !== "string" || text === "") return parts;
  const last = parts.at(-1);
  if (last?.kind !== kind) return [...parts, { kind, text }];
  return [...parts.slice(0, -1), { kind, text: last.text + text }];
}

/**
 * @param {Part[]} parts
 * @param {string} callId
 * @param {{result: ToolResult} | {progress: string}} change to the call, if it still runs
 * @returns {Part[]}
 */
function withCall(parts, callId, change) {
  return parts.map((part) =>
    part.kind === "tool" && part.call.id === callId && !part.call.result
      ? { ...part, call: { ...part.call, ...change } }
      : part,
  );
}

/**
 * Return whether an answer that ended early can be continued.
 * @param {Message} message
 */
export function canContinue(message) {
  return (
    message.role === "assistant" && FAILED.has(message.status) && typeof message.id === "number" && hasContent(message)
  );
}

const hasContent = (/** @type {Message} */ { parts }) =>
  parts.some((part) => part.kind === "tool" || (part.kind === "text" && part.text.trim()));

/**
 * Return whether to offer "Retry" under this answer.
 * @param {Message} message
 */
export function canRetry(message) {
  return message.role === "assistant" && FAILED.has(message.status) && message.error?.retryable !== false;
}
