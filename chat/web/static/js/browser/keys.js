// The page's keyboard shortcuts: one list, from which both the keys and their help are made.

/** `held` are the modifiers: "command" is Ctrl, or ⌘ on Apple's machines. `does` names what happens, in words and in fact. */
export const SHORTCUTS = [
  { does: "search", held: ["command"], key: "k" },
  { does: "newChat", held: ["command", "shift"], key: "o" },
  { does: "sidebar", held: ["command", "shift"], key: "s" },
  { does: "print", held: ["command"], key: "p" },
  { does: "focus", held: ["shift"], key: "Escape" },
  { does: "help", held: ["command"], key: "/" },
];

/** The one that is pressed without a modifier; it can be switched off, since speech input may type it by mistake. */
export const SINGLE_KEY = { does: "help", held: [], key: "?" };

export const isApple = () => /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform ?? "");

/** What a key press asks for: one of the names under `does`, or null. */
export function shortcutOf(event, { apple = false, singleKeys = true } = {}) {
  if (event.isComposing || event.altKey) return null;
  if (singleKeys && event.key === SINGLE_KEY.key && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) {
    return SINGLE_KEY.does;
  }
  const command = apple ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  const other = apple ? event.ctrlKey : event.metaKey;
  const found = SHORTCUTS.find(
    ({ held, key }) =>
      key === (key.length === 1 ? event.key.toLowerCase() : event.key) &&
      held.includes("command") === command &&
      // Some layouts need Shift for "/".
      (held.includes("shift") === event.shiftKey || key === "/"),
  );
  return found && !other ? found.does : null;
}

function isTyping(target) {
  return Boolean(target?.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));
}
