// The server's HTTP API: one function per request, errors as two classes. No state, no DOM.

import { BASE } from "../browser/base.js";

/** The server answered with an error. `retryAfter` is in seconds, or null. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {number | null} [retryAfter]
   */
  constructor(status, code, message, retryAfter = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Return whether the same request may succeed in a moment: overload, restart, a gateway without its server. */
  get transient() {
    return this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** No response: no network or no server. */
export class Unreachable extends Error {}

const reachListeners = new Set();

/** `listener(reached)` is called after every request: whether the server answered it. */
export function onReach(listener) {
  reachListeners.add(listener);
}

const reached = (answered) => {
  for (const listener of reachListeners) listener(answered);
};

/**
 * Send a request. `signal` aborts it; `keepalive` lets it outlive the page: for changes that the page shows at once.
 * @param {string} method
 * @param {string} path
 * @param {{body?: object, accept?: string, signal?: AbortSignal, keepalive?: boolean}} [options]
 */
async function send(method, path, { body, accept = "application/json", signal, keepalive = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: accept };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body, wellFormed),
      credentials: "same-origin",
      cache: "no-store",
      signal,
      keepalive,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    reached(false);
    throw new Unreachable(String(error));
  }
  if (response.ok) {
    reached(true);
    return response;
  }
  const error = await errorOf(response);
  // A proxy's answer for a server that is down.
  reached(!(error.code === "" && [502, 503, 504].includes(error.status)));
  throw error;
}

/** Leave out what no JSON text may have and nobody sees: halves of an emoji and NUL, from a paste or a bad input method. */
const wellFormed = (_, value) =>
  typeof value === "string"
    ? value.replace(/\0|(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])/g, "")
    : value;

async function errorOf(response) {
  let body = {};
  try {
    body = (await response.json()).error ?? {};
  } catch {
    // A proxy's page or an empty body, not our JSON: only the status is known.
  }
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  return new ApiError(response.status, String(body.code ?? ""), String(body.message ?? ""), retryAfter);
}

async function json(method, path, options) {
  const response = await send(method, path, options);
  try {
    return await response.json();
  } catch (error) {
    if (options?.signal?.aborted) throw error;
    if (error instanceof SyntaxError) throw new ApiError(response.status, "garbled", "");
    throw new Unreachable(String(error));
  }
}

/** Return a response whose body is an event stream. */
async function stream(method, path, options) {
  const connection = new AbortController();
  const response = await send(method, path, { ...options, accept: "text/event-stream", signal: connection.signal });
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    connection.abort();
    throw new ApiError(response.status, "garbled", "");
  }
  connections.set(response, connection);
  // Chromium logs a stream as canceled if a reader reads its end; a stream that is read by itself ends normally.
  response
    .clone()
    .arrayBuffer()
    .catch(() => {});
  return response;
}

const connections = new WeakMap();

/** Close the connection of a stream that has not ended. */
export function cancelResponse(response) {
  connections.get(response)?.abort();
}

async function begin(path, body, live) {
  if (live) return stream("POST", path, { body });
  const { turn_id: turnId } = await json("POST", path, { body });
  return { turnId };
}

const segment = (id) => encodeURIComponent(String(id));

/** Build the query of the given parameters. A page has 40 messages by default. */
function query(parameters) {
  const present = Object.entries({ limit: 40, ...parameters }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return new URLSearchParams(present).toString();
}

export const api = {
  me: () => json("GET", "/api/me"),
  changeInstructions: (text) => json("PUT", "/api/me/instructions", { body: { text } }),
  alive: () => send("GET", "/healthz"),
  conversations: (parameters = {}, /** @type {{signal?: AbortSignal}} */ { signal } = {}) =>
    json("GET", `/api/conversations?${query(parameters)}`, { signal }),
  createConversation: (how = {}) => json("POST", "/api/conversations", { body: how }),
  /** `parameters` is `{limit, before, leaf, through}`: see docs/api.md. */
  conversation: (id, parameters = {}) =>
    json("GET", `/api/conversations/${segment(id)}?${query({ limit: 50, ...parameters })}`),
  changeConversation: (id, change) =>
    json("PATCH", `/api/conversations/${segment(id)}`, { body: change, keepalive: true }),
  removeConversation: (id) => send("DELETE", `/api/conversations/${segment(id)}?stop=true`, { keepalive: true }),
  /** Return the address of an export: of everything, or of the chats with these ids. */
  exportAllAddress: (ids = []) => `${BASE}/api/export${ids.length > 0 ? `?ids=${ids.map(segment).join(",")}` : ""}`,
  countData: () => json("GET", "/api/me/data"),
  deleteData: () => json("DELETE", "/api/me/data"),
  exportAddress: (id, format) => `${BASE}/api/conversations/${segment(id)}/export?format=${segment(format)}`,
  shareOf: (id) => json("GET", `/api/conversations/${segment(id)}/share`),
  share: (id, what) => json("POST", `/api/conversations/${segment(id)}/share`, { body: what }),
  unshare: (id) => send("DELETE", `/api/conversations/${segment(id)}/share`),
  shared: (token) => json("GET", `/api/shared/${segment(token)}`),
  /** These requests begin a turn. With `live` they return its event stream, otherwise `{turnId}`. */
  startTurn: (id, turn, live = true) => begin(`/api/conversations/${segment(id)}/turns`, turn, live),
  regenerate: (messageId, how, live = true) => begin(`/api/messages/${segment(messageId)}/regenerate`, how, live),
  continueAnswer: (messageId, live = true) => begin(`/api/messages/${segment(messageId)}/continue`, {}, live),
  stopTurn: (turnId) => json("POST", `/api/turns/${segment(turnId)}/stop`),
  giveFeedback: (messageId, feedback) =>
    json("PUT", `/api/messages/${segment(messageId)}/feedback`, { body: feedback }),
  /** Return the turn's further events; without `live`, only those that exist now. */
  turnEvents: (turnId, after, live = true) =>
    stream("GET", `/api/turns/${segment(turnId)}/events?${new URLSearchParams({ after, wait: live ? "1" : "0" })}`),
};
