// The catalogue in use. Everything else imports from here, so that choosing a language is done in one place:
// what was chosen on this page, or the first of the browser's languages that there is a catalogue for.

import { readKept, writeKept } from "../state/kept.js";
import { strings as de } from "./de.js";
import { strings as en } from "./en.js";

export const CATALOGUES = { en, de };

/** `wanted` are language tags, the dearest first. */
export function languageFor(wanted) {
  const known = wanted
    .map((tag) => String(tag).toLowerCase().split("-")[0])
    .find((name) => Object.hasOwn(CATALOGUES, name));
  return known ?? "en";
}

/** Takes effect when the page is loaded again. */
export function chooseLanguage(language) {
  writeKept("language", language);
}

const chosen = readKept("language");
const preferred = typeof navigator === "undefined" ? [] : (navigator.languages ?? []);

export const strings = CATALOGUES[languageFor([chosen, ...preferred])];
