// The user's preferences on this page. Pure: storage is elsewhere.
//
// {theme: "system", "light" or "dark", sidebar: boolean (shown on wide screens), keys: boolean (single-key shortcuts),
// notify: boolean (about finished answers), model: a name or null}
//
// The language is stored apart (strings/index.js), because every module needs it first.

export const THEMES = ["system", "light", "dark"];
export const DEFAULTS = { theme: "system", sidebar: true, keys: true, notify: false, model: null };

/** Parse stored preferences of any version, or anything else. */
export function readPreferences(stored) {
  const saved = stored !== null && typeof stored === "object" ? stored : {};
  return {
    theme: THEMES.includes(saved.theme) ? saved.theme : DEFAULTS.theme,
    sidebar: saved.sidebar !== false,
    keys: saved.keys !== false,
    notify: saved.notify === true,
    model: typeof saved.model === "string" ? saved.model : null,
  };
}
