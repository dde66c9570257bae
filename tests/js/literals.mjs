// Visible text in a component's templates that should be in the catalogue.

const SAID = /^(?:aria-label|aria-description|title|placeholder|alt|label)$/;

/** Text between tags, and in visible or spoken attributes. */
export function literalsIn(source) {
  return templatesOf(source).flatMap((template) => [...wordsIn(template)]);
}

/** Return each html`…` of a module without its expressions; plain strings stay as `${"…"}`. */
function templatesOf(source) {
  const found = [];
  let at = 0;
  for (;;) {
    at = source.indexOf("html`", at);
    if (at < 0) return found;
    const { text, inner, end } = readTemplate(source, at + 5);
    found.push(text, ...inner.flatMap(templatesOf));
    at = end;
  }
}

function readTemplate(source, from) {
  let text = "";
  const inner = [];
  let at = from;
  while (source[at] !== "`") {
    if (source.startsWith("${", at)) {
      const end = closingBrace(source, at + 2);
      const expression = source.slice(at + 2, end);
      inner.push(expression);
      text += /^\s*"[^"]*"\s*$/.test(expression) ? expression.trim() : "\u0000";
      at = end + 1;
    } else {
      text += source[at];
      at += 1;
    }
  }
  return { text, inner, end: at + 1 };
}

/** Return where the brace open at `from` closes; nested templates are skipped. */
function closingBrace(source, from) {
  let depth = 1;
  let at = from;
  for (;;) {
    if (source[at] === "`") at = readTemplate(source, at + 1).end;
    else {
      depth += source[at] === "{" ? 1 : source[at] === "}" ? -1 : 0;
      if (depth === 0) return at;
      at += 1;
    }
  }
}

function* wordsIn(template) {
  for (const [, name, value] of template.matchAll(/([\w-]+)=["']([^"']*)["']/g)) {
    if (SAID.test(name) && isWords(value)) yield value;
  }
  const between = template.replaceAll(/<[^>]*>/g, "\u0000");
  for (const text of between.split("\u0000")) {
    if (isWords(text)) yield text.trim();
  }
}

/** Names of formats are the same in every language. */
function isWords(text) {
  return /\p{L}{2,}/u.test(text.replace(/^(?:JSON|CSV|PNG)$/, ""));
}
