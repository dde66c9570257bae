// The page's keyboard shortcuts: one list for the handler and the help.

/** `modifiers`: "command" is Ctrl, or ⌘ on Apple's machines. `action` is the name of the action and of its string. */
export const SHORTCUTS = [
  { action: "search", modifiers: ["command"], key: "k" },
  { action: "newChat", modifiers: ["command", "shift"], key: "o" },
  { action: "sidebar", modifiers: ["command", "shift"], key: "s" },
  { action: "print", modifiers: ["command"], key: "p" },
  { action: "focus", modifiers: ["shift"], key: "Escape" },
  { action: "help", modifiers: ["command"], key: "/" },
];

/** The shortcut without a modifier. It can be switched off, because speech input may type it by mistake. */
export const SINGLE_KEY = { action: "help", modifiers: [], key: "?" };

export const isApple = () => /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform ?? "");

/** Return the `action` of a key press, or null. */
export function shortcutOf(event, { apple = false, singleKeys = true } = {}) {
  if (event.isComposing || event.altKey) return null;
  if (singleKeys && event.key === SINGLE_KEY.key && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) {
    return SINGLE_KEY.action;
  }
  const command = apple ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  const other = apple ? event.ctrlKey : event.metaKey;
  const shortcut = SHORTCUTS.find(
    ({ modifiers, key }) =>
      key === (key.length === 1 ? event.key.toLowerCase() : event.key) &&
      modifiers.includes("command") === command &&
      // Some layouts need Shift for "/".
      (modifiers.includes("shift") === event.shiftKey || key === "/"),
  );
  return shortcut && !other ? shortcut.action : null;
}

function isTyping(target) {
  return Boolean(target?.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));
}
