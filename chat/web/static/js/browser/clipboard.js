// Text into the clipboard.

/** Whether it got there. (The modern way exists only on https and on this machine; the old one works on a LAN, too.) */
export async function copyText(text) {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused, perhaps because the page was not in front: the old way may still do.
  }
  return copySelected(text);
}

function copySelected(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus?.();
  return copied;
}
