// Error messages for the user: cause, remedy, and the reason given by the model's endpoint.

import { strings } from "../strings/index.js";
import { ApiError, Unreachable } from "./api.js";
import { StreamBroken } from "./sse.js";

/**
 * Return an error for the banner. One that is `unreachable` ends as soon as the server answers again.
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

/** Return whether no server answered, or a proxy answered in its place. */
function isUnreachable(error) {
  return (
    error instanceof Unreachable ||
    error instanceof StreamBroken ||
    (error instanceof ApiError && error.code === "" && [502, 503, 504].includes(error.status))
  );
}

/**
 * Return the text of `{code, message}` in the page's language. `reason` is the endpoint's own, and `retryAfter` the
 * wait that it asked for; `message` contains both.
 */
export function answerErrorText({ code, message, reason: given, retryAfter: waitS }) {
  const { byCode, ownWords, reported } = strings.problem;
  if (ownWords && message) return message;
  const { kind, name, reason } = partsOf(code, String(message ?? ""));
  const otherStatus = /^\d/.test(kind ?? "") ? known(byCode, `${code}_other`) : null;
  const words = known(byCode, `${code}_${kind}`) ?? otherStatus ?? known(byCode, code);
  if (!words) return message;
  const own = words.join(" ").replace("{name}", name);
  const sentence = [own, (given || reason) && reported(given || reason)].filter(Boolean).join(" ");
  // Only errors of an answer have a `reason`; for the others `describeError` adds the wait.
  return given !== undefined && waitS ? strings.problem.busyFor(sentence, waitS) : sentence;
}

const known = (table, name) => (Object.hasOwn(table, name) ? table[name] : null);

/** More exact kinds of an error than its code, recognised by the server's words; a group holds the `{name}` in ours. */
/** @type {[string, RegExp][]} */
export const KINDS = [
  ["proxy_password", /^The proxy in (\S+) did not accept/],
  ["proxy", /^The proxy in (\S+) did not connect/],
  ["proxy_lost", /^The proxy in (\S+) cannot be reached/],
  ["variable", /^The environment variable (\S+)/],
  ["certificates", /^The certificates that/],
  ["key", /^OPENAI_API_KEY contains/],
  ["moved", /redirects to another address.* OPENAI_BASE_URL should be (\S+?)\.?$/],
  ["redirect", /redirects to another address/],
  ["upgrade", /\(426 /],
  ["quota", /quota is used up/],
  ["host", /host name is not known/],
  ["certificate", /certificate is not trusted/],
  ["tls", /no TLS connection/],
  ["refused", /refuses connections/],
  ["silent", /it does not answer/],
  ["filtered", /content filter stopped it \((.+)\)/],
  ["limit", /its limit on length \((.+)\)/],
  ["ended", /for an unknown reason \((.+)\)/],
  ["gave_up", /gave up before its answer was complete \((.+)\)/],
  ["empty", /answer was empty/],
  ["reasoning", /only its reasoning/],
  ["calls", /kept calling tools/],
];

/** Parse "The model's endpoint did not accept the key (401): no such key; check OPENAI_API_KEY." */
function partsOf(code, message) {
  if (!code.startsWith("model_")) return { kind: null, name: "", reason: null };
  const ours = KINDS.find(([, form]) => form.test(message));
  const name = ours?.[1].exec(message)?.[1] ?? "";
  const match = /^[^:(]*(?:\((\d{3})\))?[^:(]*: (.*?)(?:; (?:check|it asks|asks|ask the|look|try)\b[^;]*)?\.?$/s.exec(
    message,
  );
  const status = /^[^:(]*\((\d{3})\)/.exec(message)?.[1] ?? null;
  // Why the endpoint could not be reached is the server's finding, not the endpoint's reason.
  const isOurs = code === "model_unreachable" || ["moved", "redirect", "filtered"].includes(ours?.[0] ?? "");
  return { kind: ours?.[0] ?? status, name, reason: isOurs ? null : (match?.[2] ?? null) };
}
