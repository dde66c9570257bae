// Copy to the clipboard, as text or with formatting.

/**
 * Copy text. Return whether that succeeded. (The clipboard API needs https or localhost; the older command also works
 * on a LAN.)
 */
export function copyText(text) {
  return copy({ text });
}

/** Copy `text` for plain targets and `html` for documents and mails. */
export async function copy({ text, html = null }) {
  try {
    if (navigator.clipboard && html !== null && typeof ClipboardItem !== "undefined") {
      const blob = (content, type) => new Blob([content], { type });
      const both = { "text/plain": blob(text, "text/plain"), "text/html": blob(html, "text/html") };
      await navigator.clipboard.write([new ClipboardItem(both)]);
      return true;
    }
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused, perhaps because the page has no focus: try the older command.
  }
  return copyByCommand(text, html);
}

function copyByCommand(text, html) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  const focused = document.activeElement;
  const fill = (event) => {
    event.preventDefault();
    event.clipboardData.setData("text/plain", text);
    if (html !== null) event.clipboardData.setData("text/html", html);
  };
  document.body.append(field);
  field.select();
  document.addEventListener("copy", fill, { once: true });
  const copied = document.execCommand("copy");
  document.removeEventListener("copy", fill);
  field.remove();
  /** @type {HTMLElement | null} */ (focused)?.focus?.();
  return copied;
}
