// Requests of the operators' page.

import { BASE } from "../browser/base.js";

/** The server refused; `status` is 0 if it did not answer. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function send(method, path, /** @type {object | undefined} */ body = undefined) {
  /** @type {Record<string, string>} */
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await fetch(BASE + path, {
    method,
    headers: { Accept: "application/json", ...json },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
  }).catch(() => {
    throw new Refused(0, "unreachable", "");
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer.error?.code ?? "", answer.error?.message ?? "");
  return answer;
}

export const fetchReport = () => send("GET", "/admin/memory-debug");

/** Take a look at a worker. `path` is the look's address below the report's. */
export const takeLook = (path, body) => send("POST", `/admin/memory-debug/${path}`, body);

export const signOut = () => send("DELETE", "/admin/session");
