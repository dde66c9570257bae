// Identifiers made in the browser.

/** Return 128 random bits in hexadecimal. (crypto.randomUUID does not exist on a page without TLS on a LAN.) */
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

let count = 0;

/** Return an id for an object that the server has not numbered yet. It is never a number. */
export function localId() {
  count += 1;
  return `local-${count}`;
}

/** Return whether a message was created in this window. */
export function isLocal(key) {
  return typeof key === "string" && key.startsWith("local-");
}
