// Long lists and tables grow at their end: what their HTML has in common with what is shown need not be made again.
// Pure: strings in and out. The HTML is our own renderer's, in which "<" begins a tag and nothing else.

const LONG_ENOUGH = 4;

/**
 * Which rows or items of `html` come first just as in `before`: `{count, html}`, the HTML being without them; null
 * where both are not one list or one table, or have too little in common. The last of them is never among them.
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

/** The outermost items, each from its tag to the next one's. */
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
  // Another list, or anything else, after the first: not one list.
  if (places.length === 0 || end < 0 || html.slice(end).replace(/<\/[uo]l>\s*/, "") !== "") return null;
  const cut = places.map((place, index) => html.slice(place, places[index + 1] ?? end));
  return { head: html.slice(0, places[0]), items: cut, tail: html.slice(end) };
}
