// A file made in the page, handed to the browser to keep.

const REVOKE_AFTER_MS = 60_000;

/** `content` is text or a Blob; `name` may be anything: what no file system takes is left out of it. */
export function download(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = safeFileName(name);
  link.click();
  // The browser may still be asking where to put it.
  setTimeout(() => URL.revokeObjectURL(address), REVOKE_AFTER_MS);
}

export function safeFileName(name) {
  const [, stem = "", ending] = /^(.*?)(\.[a-z]{1,5})?$/s.exec(name) ?? [];
  const safe = stem
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 80);
  return `${safe || "parley"}${ending ?? ""}`;
}

/** What the server has under an address, under the name that the server gives it. */
export function downloadFrom(address) {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}
