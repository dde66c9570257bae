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
  const given = stored !== null && typeof stored === "object" ? stored : {};
  return {
    theme: THEMES.includes(given.theme) ? given.theme : DEFAULTS.theme,
    sidebar: given.sidebar !== false,
    keys: given.keys !== false,
    notify: given.notify === true,
    model: typeof given.model === "string" ? given.model : null,
  };
}
