// Names made in the browser.

/** 128 random bits in hexadecimal. (crypto.randomUUID does not exist on a page served without TLS to a LAN.) */
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

let count = 0;

/** A name for what the server has not named yet; never a number, so never one of the server's. */
export function localId() {
  count += 1;
  return `local-${count}`;
}

/** Whether a message was begun in this window. */
export function isLocal(key) {
  return typeof key === "string" && key.startsWith("local-");
}
