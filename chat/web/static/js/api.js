// The server's HTTP interface: one function a request, errors as two classes. No state, no page.

/** The server answered, but not with what was asked for. `retryAfter` in seconds, or null. */
export class ApiError extends Error {
  constructor(status, code, message, retryAfter = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may go better in a moment: overload, restart, a gateway without its server. */
  get transient() {
    return this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** No answer at all: no network, or no server. */
export class Unreachable extends Error {}

async function send(method, path, { body, accept = "application/json" } = {}) {
  const headers = { Accept: accept };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

async function errorOf(response) {
  let told = {};
  try {
    told = (await response.json()).error ?? {};
  } catch {
    // Not ours: a proxy's page, or nothing. The status has to do.
  }
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  return new ApiError(response.status, String(told.code ?? ""), String(told.message ?? ""), retryAfter);
}

async function json(method, path, options) {
  const response = await send(method, path, options);
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new ApiError(response.status, "garbled", "");
    throw new Unreachable(String(error));
  }
}

/** A response whose body is a stream of events. */
async function stream(method, path, options) {
  const response = await send(method, path, { ...options, accept: "text/event-stream" });
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    throw new ApiError(response.status, "garbled", "");
  }
  return response;
}

const segment = (id) => encodeURIComponent(String(id));

export const api = {
  me: () => json("GET", "/api/me"),
  conversations: (cursor) =>
    json("GET", `/api/conversations?limit=40${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`),
  createConversation: () => json("POST", "/api/conversations", { body: {} }),
  conversation: (id) => json("GET", `/api/conversations/${segment(id)}`),
  changeConversation: (id, change) => json("PATCH", `/api/conversations/${segment(id)}`, { body: change }),
  removeConversation: (id) => send("DELETE", `/api/conversations/${segment(id)}`),
  startTurn: (id, turn) => stream("POST", `/api/conversations/${segment(id)}/turns`, { body: turn }),
  regenerate: (messageId, how) => stream("POST", `/api/messages/${segment(messageId)}/regenerate`, { body: how }),
  turnEvents: (turnId, after) =>
    stream("GET", `/api/turns/${segment(turnId)}/events${after ? `?after=${segment(after)}` : ""}`),
};
