// Bare web and mail addresses in text, as in GitHub's Markdown, for every script. Pure.

/** Scripts without spaces around addresses: an address ends where one of their letters begins. */
export const UNSPACED_SCRIPTS = ["Han", "Hiragana", "Katakana", "Hangul", "Bopomofo", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((script) => `\\p{Script=${script}}`)
  .join("");

const LETTER = "\\p{L}\\p{M}\\p{N}";
const SPACED = `(?![${UNSPACED_SCRIPTS}])[${LETTER}]`;
const START = /(?<![A-Za-z0-9])(?:https?:\/\/|www\.|mailto:)|(?<![\w.+-])[\w.+-]+@(?=[A-Za-z0-9])/giu;
const HOST = new RegExp(`(?:${SPACED}|[_-])+(?:\\.(?:${SPACED}|[_-])+)*`, "uy");
/** In these scripts, only a scheme right before a host distinguishes it from the words after it. */
const UNSPACED_HOST = new RegExp(`[${LETTER}_-]+(?:\\.[${LETTER}_-]+)+`, "uy");
const REST = new RegExp(`(?:${SPACED}|[!#-;=?-[\\]_a-z{}~])*`, "uiy");
const MAIL_HOST = /[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+/y;
const PAIRS = { ")": "(", "]": "[", "}": "{" };

/**
 * Return the addresses of `text` in order, `{start, end, href, last}` each. `last` is the end with trailing
 * punctuation: an address that is still being written may continue there.
 */
export function bareAddresses(text) {
  if (!/:\/\/|www\.|@/i.test(text)) return [];
  const addresses = [];
  let from = 0;
  for (const match of text.matchAll(START)) {
    if (match.index < from) continue;
    const address = match[0].endsWith("@") ? mailAt(text, match) : webAt(text, match);
    if (!address) continue;
    addresses.push(address);
    from = address.end;
  }
  return addresses;
}

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

function mailAt(text, { index, 0: local }) {
  const host = matchAt(MAIL_HOST, text, index + local.length);
  if (!host || /[-_]$/.test(host)) return null;
  const end = index + local.length + host.length;
  const last = end + matchAt(/[\w.-]*/y, text, end).length;
  return { start: index, end, last, href: `mailto:${local}${host}` };
}

function webAt(text, { index, 0: opening }) {
  const scheme = opening.toLowerCase();
  if (scheme === "mailto:") return mailtoAt(text, index);
  const at = scheme === "www." ? index : index + opening.length;
  const host = matchAt(HOST, text, at) || (scheme === "www." ? "" : matchAt(UNSPACED_HOST, text, at));
  if (!isHost(host, scheme === "www.")) return null;
  const last = closedIn(text, index, at + host.length + matchAt(REST, text, at + host.length).length);
  const end = trimmed(text, index, last);
  if (end <= at) return null;
  const address = text.slice(index, end);
  return { start: index, end, last, href: scheme === "www." ? `http://${address}` : address };
}

function mailtoAt(text, index) {
  const local = /[\w.+-]+@/y;
  const mail = matchAt(local, text, index + 7);
  const address = mail && mailAt(text, { index: index + 7, 0: mail });
  return address ? { ...address, start: index } : null;
}

function isHost(host, dotted) {
  const labels = host.split(".");
  return (
    host !== "" && (!dotted || labels.length > 2 || labels[1] !== undefined) && !/_/.test(labels.slice(-2).join(""))
  );
}

/** End at a bracket that closes an earlier one: `[https://example.org](…)` is a link's label. */
function closedIn(text, start, end) {
  let open = 0;
  for (let at = start; at < end; at += 1) {
    if (text[at] === "[") open += 1;
    else if (text[at] === "]") open -= 1;
    if (open < 0) return at;
  }
  return end;
}

/** Remove trailing punctuation, and a bracket without its partner in the address. */
function trimmed(text, start, last) {
  const count = new Map();
  for (let at = start; at < last; at += 1) count.set(text[at], (count.get(text[at]) ?? 0) + 1);
  const many = (sign) => count.get(sign) ?? 0;
  let end = last;
  while (end > start) {
    const sign = text[end - 1];
    const entity = sign === ";" && /&[a-z0-9]+;$/i.exec(text.slice(Math.max(start, end - 40), end));
    const unopened = sign in PAIRS && many(sign) > many(PAIRS[sign]);
    if (!entity && !unopened && !/[?!.,:;*_~'"([{]/.test(sign)) return end;
    count.set(sign, many(sign) - 1);
    end -= entity ? entity[0].length : 1;
  }
  return end;
}
