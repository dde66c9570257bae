// Errors as sentences for the person in front of the page: cause, remedy, and what an endpoint itself said.

import { strings } from "../strings/index.js";
import { ApiError, Unreachable } from "./api.js";
import { StreamBroken } from "./sse.js";

/**
 * A problem for the banner; one that is `unreachable` is over as soon as the server answers again.
 * @param {unknown} error
 * @param {{label: string, run: () => void}} [action]
 */
export function problemOf(error, action) {
  return { text: describeError(error), unreachable: isUnreachable(error), ...(action ? { action } : {}) };
}

export function describeError(error) {
  const messages = strings.problem;
  if (isUnreachable(error)) return messages.unreachable;
  if (!(error instanceof ApiError)) {
    console.error(error);
    return messages.unknown;
  }
  if (error.code === "garbled") return messages.garbled;
  const words = answerErrorText(/** @type {any} */ (error));
  if (!words) return messages.unexpected(error.status);
  return error.retryAfter === null ? words : messages.busyFor(words, error.retryAfter);
}

/** Nobody answered, or a proxy in place of a server that is away. */
function isUnreachable(error) {
  return (
    error instanceof Unreachable ||
    error instanceof StreamBroken ||
    (error instanceof ApiError && error.code === "" && [502, 503, 504].includes(error.status))
  );
}

/**
 * What the server says with `{code, message}`, in the page's language. `reason` is what a model's endpoint said and
 * `retryAfter` how long it asked to wait; both are a part of `message` too.
 */
export function answerErrorText({ code, message, reason: given, retryAfter: waitS }) {
  const { byCode, ownWords, reported } = strings.problem;
  if (ownWords && message) return message;
  const { kind, reason } = partsOf(code, String(message ?? ""));
  const words = known(byCode, `${code}_${kind}`) ?? known(byCode, code);
  if (!words) return message;
  const sentence = [...words, (given || reason) && reported(given || reason)].filter(Boolean).join(" ");
  // What is not an answer's error has no `reason`, and is told its wait by `describeError`.
  return given !== undefined && waitS ? strings.problem.busyFor(sentence, waitS) : sentence;
}

const known = (table, name) => (Object.hasOwn(table, name) ? table[name] : null);

/** What the server knows more exactly than the code tells, by its words for it. */
/** @type {[string, RegExp][]} */
const KINDS = [
  ["quota", /quota is used up/],
  ["host", /host name is not known/],
  ["certificate", /certificate is not trusted/],
  ["tls", /no TLS connection/],
  ["refused", /refuses connections/],
  ["proxy", /the proxy refused/],
  ["silent", /it does not answer/],
];

/** Out of "The model's endpoint did not accept the key (401): no such key; check OPENAI_API_KEY." */
function partsOf(code, message) {
  if (!code.startsWith("model_")) return { kind: null, reason: null };
  const ours = KINDS.find(([, form]) => form.test(message));
  const found = /^[^:(]*(?:\((\d{3})\))?[^:(]*: (.*?)(?:; (?:check|it asks|asks|try)\b[^;]*)?\.?$/s.exec(message);
  const status = /^[^:(]*\((\d{3})\)/.exec(message)?.[1] ?? null;
  // Why nothing could be reached is our finding, not an endpoint's.
  return { kind: ours?.[0] ?? status, reason: code === "model_unreachable" ? null : (found?.[2] ?? null) };
}
