// Typing anywhere on the page writes into the message box, as long as nothing else could be meant by it.

const TAKES_KEYS =
  "input:not([type=radio], [type=checkbox], [type=button]), textarea, select, [contenteditable], [role=menu], " +
  "[role=menuitem], [role=listbox], [role=option], [role=combobox], dialog";

/** Whether a key press is the beginning of a message: then the box is to have the focus before the letter comes. */
export function beginsMessage(event, { apple = false } = {}) {
  if (event.defaultPrevented || event.isComposing || event.target?.closest?.(TAKES_KEYS)) return false;
  const command = apple ? event.metaKey : event.ctrlKey;
  const other = apple ? event.ctrlKey : event.metaKey;
  // AltGr is Ctrl and Alt to some systems, and writes letters.
  const writes = event.getModifierState?.("AltGraph") || (!event.ctrlKey && !event.metaKey && !event.altKey);
  if (command && !other && !event.altKey && event.key.toLowerCase() === "v") return true;
  // The space bar scrolls, and presses buttons.
  return Boolean(writes) && [...event.key].length === 1 && event.key !== " ";
}
