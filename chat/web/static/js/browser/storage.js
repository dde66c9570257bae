// What the browser keeps for this page between visits. A browser that keeps nothing is no error: the page then
// merely forgets.

import { BASE } from "./base.js";

// Two of these pages on one host, each below a path of its own, keep theirs apart.
const PREFIX = `parley${BASE}.`;

/** The value kept under this name, or null. */
export function readStored(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}

/** Keeps a value that JSON can hold; null removes it. */
export function writeStored(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full, or forbidden.
  }
}

/** The names under `group.`, without it. */
export function storedNames(group) {
  try {
    const start = `${PREFIX}${group}.`;
    return Object.keys(localStorage).flatMap((name) => (name.startsWith(start) ? [name.slice(start.length)] : []));
  } catch {
    return [];
  }
}

/** Forgets all that is kept under `group.`. */
export function removeStored(group) {
  for (const name of storedNames(group)) writeStored(`${group}.${name}`, null);
}

/** Calls back with the name and the value of what another window of this browser has kept. */
export function onStorageChange(listener) {
  addEventListener("storage", ({ key }) => {
    if (key?.startsWith(PREFIX)) listener(key.slice(PREFIX.length), readStored(key.slice(PREFIX.length)));
  });
}
