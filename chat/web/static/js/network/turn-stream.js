// The events of one turn, from the request that starts it to `done`, over several connections if needed.

import { ApiError, cancelResponse, Unreachable } from "./api.js";
import { readEvents, readWhole, StreamBroken } from "./sse.js";
import { UNLIMITED } from "./stream-slots.js";

// The server sends a comment every 5 s; after three missing ones the connection counts as dead.
const SILENCE_MS = 17_000;
/** About eight minutes without a network. After that, returning to the page tries again. */
const ATTEMPTS = 60;
/** About half a minute for a restarting server. After that the user gets an error and the text back. */
const OPENING_ATTEMPTS = 7;
/** Interval for polling an answer without a stream: while visible, and while hidden. */
const POLL_MS = 400;
const HIDDEN_POLL_MS = 2500;

/** The turn runs (or ran), but its events cannot be fetched any more. */
export class TurnLost extends Error {}

/**
 * Follow one turn.
 *
 * `open(live)` makes the first connection, which starts the turn. Until the turn is known, it is called again after an
 * error that `canReopen(error)` allows: by default, when the server has refused the request for now. `resume(turnId,
 * after, live)` makes the later connections, and the first one if `turnId` is given. `live`: the connection may stay
 * open, which `slots` decide; otherwise `open` returns `{turnId}`, and `resume` the events that exist now.
 * `isVisible()`: the answer is visible. `onEvent(name, data)` receives each event once, in order. `onReconnecting()`
 * is called when there is no connection. `signal` aborts the opening.
 *
 * Return after `done`. Throws the errors of `open` until the turn is known, an ApiError if the server refuses to
 * continue, TurnLost if the turn cannot be reached again.
 * @param {{
 *   open: (live: boolean) => Promise<Response | {turnId: number}>,
 *   resume: (turnId: any, after: number, live: boolean) => Promise<any>,
 *   onEvent: (name: string, data: any) => void,
 *   onReconnecting: () => void,
 *   canReopen?: (error: unknown) => boolean,
 *   turnId?: any,
 *   signal?: AbortSignal | null,
 *   pause?: (milliseconds: number, signal: AbortSignal | null) => Promise<unknown>,
 *   slots?: typeof UNLIMITED,
 *   isVisible?: () => boolean,
 * }} turn
 */
export async function followTurn({
  open,
  resume,
  onEvent,
  onReconnecting,
  canReopen = isTransientRefusal,
  turnId = null,
  signal = null,
  pause = wait,
  slots = UNLIMITED,
  isVisible = () => true,
}) {
  const progress = { turnId, last: 0, attempt: 0 };
  const again = (live) => resume(progress.turnId, progress.last, live);
  let connect = turnId === null ? open : again;
  for (;;) {
    // A turn that is not known yet could not be resumed.
    const slot = await slots.acquire(() => progress.turnId === null || isVisible());
    const live = slot !== null;
    try {
      const opened = await connect(live);
      const started = !(opened instanceof Response);
      const short = !live && connect === again;
      if (started) progress.turnId = opened.turnId;
      else if (await relay(opened, short, slot?.revoked, progress, onEvent)) return;
      if (!started && !short && !slot?.revoked?.aborted) throw new StreamBroken("ended before the turn was done");
      connect = again;
      slot?.release();
      if (!started) await pause(isVisible() ? POLL_MS : HIDDEN_POLL_MS, signal);
    } catch (error) {
      progress.attempt += 1;
      if (progress.turnId === null) {
        if (signal?.aborted || progress.attempt > OPENING_ATTEMPTS || !canReopen(error)) throw error;
      } else {
        if (!isRecoverable(error)) throw error;
        if (progress.attempt > ATTEMPTS) throw new TurnLost(String(error));
        connect = again;
      }
      slot?.release();
      onReconnecting();
      await pause(delayBefore(progress.attempt, /** @type {any} */ (error).retryAfter), signal);
    } finally {
      slot?.release();
    }
  }
}

/** Return whether the server refused the request for now, without having started anything. */
export function isTransientRefusal(error) {
  return error instanceof ApiError && error.transient && (error.retryAfter ?? 0) <= 10;
}

/**
 * Return whether to send the request again: it was refused, or its result is unknown. Only for requests with a
 * `client_id`, which the server runs once.
 */
export function isSafeToRetry(error) {
  return isTransientRefusal(error) || error instanceof StreamBroken || error instanceof Unreachable;
}

function isRecoverable(error) {
  return (
    error instanceof StreamBroken || error instanceof Unreachable || (error instanceof ApiError && error.transient)
  );
}

function eventsOf(response, short, revoked = null) {
  return short ? readWhole(response, SILENCE_MS) : readEvents(response.body, SILENCE_MS, revoked);
}

/** Pass on the events of a connection. Return true when the turn is done. */
async function relay(response, short, revoked, progress, onEvent) {
  const events = eventsOf(response, short, revoked);
  let finished = false;
  try {
    for (let next = await events.next(); !next.done; next = await events.next()) {
      finished = dispatch(next.value, progress, onEvent);
      if (finished) return true;
    }
    return false;
  } finally {
    // A complete stream ends by itself; only an aborted one is cancelled.
    if (finished) readToEnd(events);
    else {
      events.return();
      cancelResponse(response);
    }
  }
}

async function readToEnd(events) {
  try {
    while (!(await events.next()).done);
  } catch {
    // No further event was expected.
  }
}

/** Pass on one event. Return true if it is the turn's last. */
function dispatch(event, progress, onEvent) {
  const number = Number(event.id);
  if (number && number <= progress.last) return false;
  const data = parse(event.data);
  // An error without a number is no event of the turn: the server cannot read the turn at all.
  if (event.name === "error" && !number) throw new ApiError(500, data.code, data.message);
  if (number) progress.last = number;
  progress.attempt = 0;
  if (event.name === "turn") progress.turnId = data.turn_id;
  onEvent(event.name, data);
  return event.name === "done";
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new StreamBroken("an event that is not JSON");
  }
}

/**
 * Return the delay before an attempt, in milliseconds: 500, doubling to 8,000, or what the server asked for, with
 * jitter.
 */
export function delayBefore(attempt, retryAfter = null, random = Math.random) {
  const base = Math.min(8000, 500 * 2 ** (attempt - 1));
  const requested = retryAfter === null || retryAfter === undefined ? 0 : retryAfter * 1000;
  return Math.max(requested, base) * (0.8 + 0.4 * random());
}

/** Wait. End early when the network returns, the page becomes visible, or `signal` aborts. */
function wait(milliseconds, signal) {
  return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
    const target = globalThis.document ?? null;
    const finish = (event) => {
      if (event?.type === "visibilitychange" && target.hidden) return;
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", finish);
      target?.removeEventListener("visibilitychange", finish);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    globalThis.addEventListener?.("online", finish);
    target?.addEventListener("visibilitychange", finish);
    signal?.addEventListener("abort", finish);
  });
}
