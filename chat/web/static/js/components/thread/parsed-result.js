// What a tool found, in the page's language, and where it comes from in a sentence.

import { dateLabel } from "../../chart/format.js";
import { readResultData } from "../../state/result-data.js";
import { localised } from "../../state/result-translation.js";
import { strings } from "../../strings/index.js";

const known = new WeakMap();

/** Worked out once for each piece of data; null where there is nothing to show. */
export function parsedResult(data) {
  if (data === null || typeof data !== "object") return null;
  if (!known.has(data)) {
    const read = readResultData(data);
    known.set(data, read && localised(read));
  }
  return known.get(data);
}

/** " (updated …, retrieved …)", as far as it is known. */
export function datesOf({ updated, retrieved }) {
  const dates = [
    updated && strings.result.updated(dateLabel(updated)),
    retrieved && strings.result.retrieved(dateLabel(retrieved)),
  ].filter(Boolean);
  return dates.length > 0 ? ` (${dates.join(", ")})` : "";
}

/** A source for where there are no links: in a picture, in a file, in the clipboard. */
export function sourceSentence(source) {
  return `${strings.result.sources(1)}: ${source.name}${datesOf(source)}`;
}
