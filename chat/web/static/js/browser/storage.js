// The browser's local storage. If it is unavailable, the page works without it.

import { BASE } from "./base.js";

// Two installations on one host, each below its own path, must not share entries.
const PREFIX = `parley${BASE}.`;

/** Return the stored value of this name, or null. */
export function readStored(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}

/** Store a JSON value; null removes it. */
export function writeStored(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden.
  }
}

/** Return the names below `group.`, without that prefix. */
export function storedNames(group) {
  try {
    const start = `${PREFIX}${group}.`;
    return Object.keys(localStorage).flatMap((name) => (name.startsWith(start) ? [name.slice(start.length)] : []));
  } catch {
    return [];
  }
}

/** Remove all entries below `group.`. */
export function removeStored(group) {
  for (const name of storedNames(group)) writeStored(`${group}.${name}`, null);
}

/** Call `listener(name, value)` when another window of this browser changes an entry. */
export function onStorageChange(listener) {
  addEventListener("storage", ({ key }) => {
    if (key?.startsWith(PREFIX)) listener(key.slice(PREFIX.length), readStored(key.slice(PREFIX.length)));
  });
}
