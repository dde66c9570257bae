// A tool's result in the page's language, and its source as a sentence.

import { dateLabel } from "../../chart/format.js";
import { readResultData } from "../../state/result-data.js";
import { localised } from "../../state/result-translation.js";
import { strings } from "../../strings/index.js";

const known = new WeakMap();

/** Parse a tool's data once; null if there is nothing to show. */
export function parsedResult(data) {
  if (data === null || typeof data !== "object") return null;
  if (!known.has(data)) {
    const read = readResultData(data);
    known.set(data, read && localised(read));
  }
  return known.get(data);
}

/** Return " (updated …, retrieved …)", with the dates that are known. */
export function datesOf({ updated, retrieved }) {
  const dates = [
    updated && strings.result.updated(dateLabel(updated)),
    retrieved && strings.result.retrieved(dateLabel(retrieved)),
  ].filter(Boolean);
  return dates.length > 0 ? ` (${dates.join(", ")})` : "";
}

/** Return a source as text, for pictures, files and the clipboard. */
export function sourceSentence(source) {
  return `${strings.result.sources(1)}: ${source.name}${datesOf(source)}`;
}
