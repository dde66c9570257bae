// The one place where text that others wrote becomes elements. Everything goes through DOMPurify with a short
// list of what Markdown needs; the content security policy stands behind it.

import "../../vendor/dompurify/purify.js";

import { LINK_REL, safeHref } from "../links.js";

const purifier = globalThis.DOMPurify(globalThis);

const POLICY = {
  ALLOWED_TAGS: [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
  ],
  ALLOWED_ATTR: ["align", "href", "start"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

purifier.addHook("afterSanitizeAttributes", (element) => {
  if (element.nodeName !== "A") return;
  const address = safeHref(element.getAttribute("href"));
  if (address === null) {
    element.removeAttribute("href");
    return;
  }
  element.setAttribute("href", address);
  element.setAttribute("rel", LINK_REL);
  element.setAttribute("target", "_blank");
});

/** A fragment of the page made from untrusted HTML. */
export function sanitise(html) {
  return purifier.sanitize(html, POLICY);
}
