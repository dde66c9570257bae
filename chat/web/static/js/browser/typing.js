// Typing anywhere on the page writes into the message box, unless the key has another meaning there.

const TAKES_KEYS =
  "input:not([type=radio], [type=checkbox], [type=button]), textarea, select, [contenteditable], [role=menu], " +
  "[role=menuitem], [role=listbox], [role=option], [role=combobox], dialog";

/** Return whether a key press begins a message. The message box must have the focus before the letter arrives. */
export function beginsMessage(event, { apple = false } = {}) {
  if (event.defaultPrevented || event.isComposing || event.target?.closest?.(TAKES_KEYS)) return false;
  const command = apple ? event.metaKey : event.ctrlKey;
  const other = apple ? event.ctrlKey : event.metaKey;
  // AltGr counts as Ctrl and Alt on some systems, and types letters.
  const writes = event.getModifierState?.("AltGraph") || (!event.ctrlKey && !event.metaKey && !event.altKey);
  if (command && !other && !event.altKey && event.key.toLowerCase() === "v") return true;
  // The space bar scrolls and presses buttons.
  return Boolean(writes) && [...event.key].length === 1 && event.key !== " ";
}
