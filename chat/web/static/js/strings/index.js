// The catalogue in use, which all modules import. The language is the one selected on this page, or the first of the
// browser's languages that has a catalogue. Only that catalogue is loaded; before-paint.js preloads it.

import { readStored, writeStored } from "../browser/storage.js";

/** Languages by their own names. */
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
