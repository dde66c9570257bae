// Addresses of the page: `/` is a new chat, `/c/<id>` a conversation.

import { NEW } from "../state/conversation.js";

export function keyOfPath(path) {
  const id = /^\/c\/(\d{1,15})\/?$/.exec(path)?.[1];
  return id === undefined ? NEW : Number(id);
}

export function pathOfKey(key) {
  return key === NEW ? "/" : `/c/${key}`;
}

/** Puts the conversation's address into the address bar, as a new step of the browser's history. */
export function showAddress(key) {
  if (location.pathname !== pathOfKey(key)) history.pushState(null, "", pathOfKey(key));
}
