// Addresses of the page below its base: `/` is a new chat, `/c/<id>` a conversation.

import { NEW } from "../state/conversation.js";
import { BASE } from "./base.js";

export function keyOfPath(path, base = BASE) {
  const own = base && path.startsWith(base) ? path.slice(base.length) : path;
  const id = /^\/c\/(\d{1,18})\/?$/.exec(own)?.[1];
  return id === undefined ? NEW : Number(id);
}

export function pathOfKey(key, base = BASE) {
  return key === NEW ? `${base}/` : `${base}/c/${key}`;
}

/** Show the conversation's address in the address bar, as a new history entry. */
export function showAddress(key) {
  if (location.pathname !== pathOfKey(key)) history.pushState(null, "", pathOfKey(key));
}
