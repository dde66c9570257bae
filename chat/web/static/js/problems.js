// Errors as sentences for the person in front of the page.

import { ApiError, Unreachable } from "./api.js";
import { StreamBroken } from "./sse.js";
import { strings } from "./strings/index.js";

export function describe(error) {
  const say = strings.problem;
  if (error instanceof Unreachable || error instanceof StreamBroken) return say.unreachable;
  if (!(error instanceof ApiError)) {
    console.error(error);
    return say.unknown;
  }
  if (error.code === "garbled") return say.garbled;
  if (!error.message) return say.unexpected(error.status);
  return error.retryAfter === null ? error.message : say.busyFor(error.message, error.retryAfter);
}
