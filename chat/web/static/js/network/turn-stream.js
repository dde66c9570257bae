// One turn's events, from the request that starts it to `done`, over as many connections as it takes.

import { ApiError, cancelResponse, Unreachable } from "./api.js";
import { readEvents, readWhole, StreamBroken } from "./sse.js";
import { UNLIMITED } from "./stream-slots.js";

// The server sends a comment every 5 s; three missed ones mean that nobody is there any more.
const SILENCE_MS = 17_000;
/** About eight minutes of a network that is away; after that, coming back to the page tries again. */
const ATTEMPTS = 60;
/** About half a minute for a server that is restarting; after that, the person is told, and has the text back. */
const OPENING_ATTEMPTS = 7;
/** How often an answer without a connection of its own is asked for its news: in sight, and while nobody sees it. */
const POLL_MS = 400;
const HIDDEN_POLL_MS = 2500;

/** The turn runs (or ran), but its events could not be reached again. */
export class TurnLost extends Error {}

/**
 * Follows one turn.
 *
 * `open(live)` makes the first connection, which starts the turn. While no turn is known, it is called again after an
 * error that `canReopen(error)` allows: by default, when the server said that it did not take the request.
 * `resume(turnId, after, live)` makes the later connections, and the first one where `turnId` is given. `live`: whether
 * the connection may last, which `slots` decide; otherwise `open` gives `{turnId}`, and `resume` what has come by now.
 * `isVisible()` tells whether somebody looks at the answer. `onEvent(name, data)` gets each event once, in order;
 * `onReconnecting()` tells that there is no connection. `signal` gives the opening up.
 *
 * Returns after `done`. Throws what `open` throws as long as no turn is known, an ApiError when the server
 * refuses to go on, TurnLost when it could not be reached again.
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
    // A turn that is not known yet could not be taken up again.
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

/** The server is there, took nothing, and may take it in a moment. */
export function isTransientRefusal(error) {
  return error instanceof ApiError && error.transient && (error.retryAfter ?? 0) <= 10;
}

/** The same, or nobody knows: for requests that bear a name of their own, so that twice is once. */
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

/** Hands on what a connection brings; true once the turn is done. */
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
    // A stream that has told everything ends by itself; only one that is given up is cancelled.
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
    // Nothing more was expected of it.
  }
}

/** True if the event is the turn's last. */
function dispatch(event, progress, onEvent) {
  const number = Number(event.id);
  if (number && number <= progress.last) return false;
  const data = parse(event.data);
  // No event of the turn: the server itself cannot read it, and will not.
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

/** Half a second, doubling to eight, a little apart for each browser; or what the server asked for. */
export function delayBefore(attempt, retryAfter = null, random = Math.random) {
  const base = Math.min(8000, 500 * 2 ** (attempt - 1));
  const asked = retryAfter === null || retryAfter === undefined ? 0 : retryAfter * 1000;
  return Math.max(asked, base) * (0.8 + 0.4 * random());
}

/** Waits, but no longer than until the network is back, the page is looked at, or the wait is given up. */
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
