// What a person has chosen for this page, as it is stored in the browser. Pure: no storage here.
//
//   {theme: "system", "light" or "dark", sidebar: boolean (shown, where there is room), keys: boolean (single-key
//    shortcuts), notify: boolean (of answers that are done), model: a name or null}
//
// The language is stored apart (strings/index.js), because every module needs it before anything else runs.

export const THEMES = ["system", "light", "dark"];
export const DEFAULTS = { theme: "system", sidebar: true, keys: true, notify: false, model: null };

/** From what was stored, which may be of an older version, or anything. */
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
