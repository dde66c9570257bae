// The catalogue in use. Everything else imports from here, so that choosing a language is done in one place:
// what was chosen on this page, or the first of the browser's languages that there is a catalogue for.
// Only that one is loaded; before-paint.js has asked for it already.

import { readStored, writeStored } from "../browser/storage.js";

/** Each language by its own name. */
export const LANGUAGES = { en: "English", de: "Deutsch" };

/** `tags` are language tags, the dearest first. */
export function languageFor(tags) {
  const known = tags
    .map((tag) => String(tag).toLowerCase().split("-")[0])
    .find((name) => Object.hasOwn(LANGUAGES, name));
  return known ?? "en";
}

/** Takes effect when the page is loaded again. */
export function chooseLanguage(language) {
  writeStored("language", language);
}

const stored = readStored("language");
const preferred = typeof navigator === "undefined" ? [] : (navigator.languages ?? []);

const catalogue = await (languageFor([stored, ...preferred]) === "de" ? import("./de.js") : import("./en.js"));

export const strings = catalogue.strings;
