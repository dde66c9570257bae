// Save a file that was made in the page.

const REVOKE_AFTER_MS = 60_000;

/** `content` is text or a Blob. Characters that file systems refuse are removed from `name`. */
export function download(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = safeFileName(name);
  link.click();
  // The browser may still show its save dialog.
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

/** Download an address under the name that the server gives it. */
export function downloadFrom(address) {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}
