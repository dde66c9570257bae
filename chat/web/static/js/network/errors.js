// Errors as sentences for the person in front of the page.

import { strings } from "../strings/index.js";
import { ApiError, Unreachable } from "./api.js";
import { StreamBroken } from "./sse.js";

export function describe(error) {
  const say = strings.problem;
  if (error instanceof Unreachable || error instanceof StreamBroken) return say.unreachable;
  if (!(error instanceof ApiError)) {
    console.error(error);
    return say.unknown;
  }
  if (error.code === "garbled") return say.garbled;
  const words = sayError(error);
  if (!words) return say.unexpected(error.status);
  return error.retryAfter === null ? words : say.busyFor(words, error.retryAfter);
}

/** What the server says with `{code, message}`, in the page's language as far as there is a sentence for it. */
export function sayError({ code, message }) {
  return strings.problem.byCode[code] ?? message;
}
