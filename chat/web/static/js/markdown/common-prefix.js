// Long lists and tables grow at their end, so the HTML that new and shown content have in common need not be parsed
// again. Pure: strings in and out. The HTML is from our own renderer, where "<" always begins a tag.

const LONG_ENOUGH = 4;

/**
 * Return how many rows or items of `html` begin it exactly as in `before`, and the HTML without them: `{count, html}`.
 * Return null if both are not the same single list or table, or have too little in common. The last item is never
 * counted.
 */
export function commonPrefix(html, before) {
  const now = takenApart(html);
  const then = now && takenApart(before);
  if (!then || now.head !== then.head) return null;
  const most = Math.min(now.items.length, then.items.length) - 1;
  let count = 0;
  while (count < most && now.items[count] === then.items[count]) count += 1;
  return count < LONG_ENOUGH ? null : { count, html: now.head + now.items.slice(count).join("") + now.tail };
}

function takenApart(html) {
  if (html.startsWith("<table>")) return rows(html);
  return /^<[uo]l[ >]/.test(html) ? items(html) : null;
}

function rows(html) {
  const start = html.indexOf("<tr>", html.indexOf("<tbody>"));
  const end = html.lastIndexOf("</tbody>");
  if (start < 0 || end < start) return null;
  return { head: html.slice(0, start), items: html.slice(start, end).split(/(?=<tr>)/), tail: html.slice(end) };
}

/** Return the outermost items, each from its tag to the next. */
function items(html) {
  const places = [];
  let depth = 0;
  let end = -1;
  for (const { 0: tag, index } of html.matchAll(/<\/?(?:ul|ol|li)\b[^>]*>/g)) {
    if (tag.startsWith("<li")) {
      if (depth === 1) places.push(index);
    } else if (!tag.startsWith("</l")) {
      depth += tag[1] === "/" ? -1 : 1;
      if (depth === 0) end = index;
    }
  }
  // More content after the first list: not a single list.
  if (places.length === 0 || end < 0 || html.slice(end).replace(/<\/[uo]l>\s*/, "") !== "") return null;
  const cut = places.map((place, index) => html.slice(place, places[index + 1] ?? end));
  return { head: html.slice(0, places[0]), items: cut, tail: html.slice(end) };
}
