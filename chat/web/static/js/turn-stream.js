// One turn's events, from the request that starts it to `done`, over as many connections as it takes.

import { ApiError, Unreachable } from "./api.js";
import { readEvents, StreamBroken } from "./sse.js";

// The server sends a comment every 15 s at least; three missed ones mean that nobody is there any more.
const SILENCE_MS = 45_000;
const ATTEMPTS = 8;

/** The turn runs (or ran), but its events could not be reached again. */
export class TurnLost extends Error {}

/**
 * Follows one turn.
 *
 * `open` makes the first connection: it starts the turn, or asks for a running one from its first event.
 * `resume(turnId, after)` makes the later ones. `onEvent(name, data)` gets each event once, in order;
 * `onReconnecting()` tells that the connection went away. `turnId` is given when it is known beforehand.
 *
 * Returns after `done`. Throws what `open` throws as long as no turn is known, an ApiError when the server
 * refuses to go on, TurnLost when it could not be reached again.
 */
export async function followTurn({ open, resume, onEvent, onReconnecting, turnId = null, pause = wait }) {
  const progress = { turnId, last: 0, attempt: 0 };
  let connect = open;
  for (;;) {
    try {
      const response = await connect();
      if (await drain(response, progress, onEvent)) return;
      throw new StreamBroken("ended before the turn was done");
    } catch (error) {
      if (progress.turnId === null || !mayRecover(error)) throw error;
      progress.attempt += 1;
      if (progress.attempt > ATTEMPTS) throw new TurnLost(String(error));
      onReconnecting();
      await pause(delayBefore(progress.attempt, error.retryAfter));
      connect = () => resume(progress.turnId, progress.last);
    }
  }
}

function mayRecover(error) {
  return (
    error instanceof StreamBroken || error instanceof Unreachable || (error instanceof ApiError && error.transient)
  );
}

/** Hands on what a connection brings; true once the turn is done. */
async function drain(response, progress, onEvent) {
  for await (const event of readEvents(response.body, SILENCE_MS)) {
    const number = Number(event.id);
    if (number && number <= progress.last) continue;
    const data = parse(event.data);
    if (number) progress.last = number;
    progress.attempt = 0;
    if (event.name === "turn") progress.turnId = data.turn_id;
    onEvent(event.name, data);
    if (event.name === "done") return true;
  }
  return false;
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

/** Waits, but no longer than until the browser says that the network is back. */
function wait(milliseconds) {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    globalThis.addEventListener?.("online", finish);
  });
}
