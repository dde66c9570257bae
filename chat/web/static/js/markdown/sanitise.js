// The only place where untrusted text becomes elements. DOMPurify allows only what Markdown, highlighted code and
// formulas need; the content security policy is the second barrier.

import "../../vendor/dompurify/purify.js";

import { LINK_REL, safeHref } from "../browser/links.js";

const TAGS = [
  ...["a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "section"],
  ...["span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"],
];
/** The classes of our own renderers. No other HTML gets here, and no other class would pass. */
const CLASS = new RegExp(
  "^(?:language-[\\w+#.-]{0,30}|math-(?:inline|display)|unfinished|note-(?:ref|\\d+-\\d+)|notes|verbatim|task|paren|wide|widest|" +
    "hljs-[\\w-]+|[a-z]+_{1,2})$",
);

const POLICY = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ["align", "class", "href", "start", "value"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

// KaTeX's output: spans with sizes, paths, and MathML for screen readers.
const MATH_POLICY = {
  ALLOWED_TAGS: [
    ...["span", "svg", "path", "line", "math", "semantics", "annotation", "mrow", "mi", "mn", "mo", "ms", "mtext"],
    ...["mspace", "mfrac", "msqrt", "mroot", "mstyle", "merror", "mpadded", "mphantom", "menclose", "msub", "msup"],
    ...["msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mlabeledtr"],
  ],
  ALLOWED_ATTR: [
    ...[
      "class",
      "style",
      "data-style",
      "aria-hidden",
      "width",
      "height",
      "viewBox",
      "preserveAspectRatio",
      "d",
      "x1",
      "x2",
      "y1",
    ],
    ...["y2", "stroke-width", "encoding", "display", "xmlns", "mathvariant", "mathcolor", "mathsize", "stretchy"],
    ...["fence", "separator", "lspace", "rspace", "minsize", "maxsize", "linethickness", "displaystyle", "notation"],
    ...["scriptlevel", "columnalign", "columnspacing", "rowspacing", "columnlines", "rowlines", "accent", "voffset"],
    ...["accentunder", "side", "mathbackground", "movablelimits", "symmetric", "largeop", "depth", "form"],
  ],
  ALLOW_ARIA_ATTR: true,
  ALLOW_DATA_ATTR: false,
  IN_PLACE: true,
};

const purifier = globalThis.DOMPurify(globalThis);
const mathPurifier = globalThis.DOMPurify(globalThis);

purifier.addHook("uponSanitizeAttribute", (_, attribute) => {
  if (attribute.attrName !== "class") return;
  attribute.attrValue = attribute.attrValue
    .split(/\s+/)
    .filter((name) => CLASS.test(name))
    .join(" ");
  attribute.keepAttr = attribute.attrValue !== "";
});

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

/** Return a DOM fragment of untrusted HTML. */
export function sanitise(html) {
  return purifier.sanitize(html, POLICY);
}

/** Remove everything from the element that does not belong to a formula. (Its styles are set by script, not parsed.) */
export function sanitiseFormula(element) {
  return mathPurifier.sanitize(element, MATH_POLICY);
}
