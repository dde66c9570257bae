// Updates nodes in the page to a newer version and changes only differences, so that elements that are read, selected
// or focused stay.

/**
 * Replace `parent`'s children from `from` on, up to the node `end` if given, by `fresh`. `keep(current, next)` may
 * update an element whose content is made elsewhere (highlighted code, a formula) and then returns true.
 */
export function morph(parent, from, fresh, keep, end = null) {
  let current = parent.childNodes[from] ?? null;
  for (const next of fresh) {
    if (current === end) {
      parent.insertBefore(next, end);
    } else {
      const following = current.nextSibling;
      if (!current.isEqualNode(next)) patch(current, next, keep);
      current = following;
    }
  }
  while (current !== end) {
    const following = current.nextSibling;
    current.remove();
    current = following;
  }
}

function patch(current, next, keep) {
  if (current.nodeType === Node.TEXT_NODE && next.nodeType === Node.TEXT_NODE) patchText(current, next.data);
  else if (current.nodeName !== next.nodeName) current.replaceWith(next);
  else if (keep(current, next)) return;
  else if (current.className !== next.className) current.replaceWith(next);
  else patchElement(current, next, keep);
}

function patchText(node, text) {
  if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
  else node.data = text;
}

/** Attributes that Markdown sets. Those changed by a click (a pressed button) are left alone. */
const OURS = ["href", "rel", "target", "start", "value", "align", "dir", "id", "aria-label", "data-pinned"];

function patchElement(current, next, keep) {
  for (const name of OURS) {
    const value = next.getAttribute(name);
    if (value === current.getAttribute(name)) continue;
    if (value === null) current.removeAttribute(name);
    else current.setAttribute(name, value);
  }
  morph(current, 0, [...next.childNodes], keep);
}
