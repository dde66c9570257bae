// An answer for the clipboard: as Markdown and as HTML; results of tools as tables.

import { parsedResult, sourceSentence } from "./parsed-result.js";

/** Elements of an answer that are not copied. */
const NOT_COPIED =
  "button, .code-head, .table-foot, .visually-hidden, .katex-html, .link-host, .note-back, annotation, svg";
/** Elements whose words are copied without them: a header's button, a link that leads to a place in this page. */
const UNWRAPPED = "th .sort, a[data-task=note]:not(.note-back)";

/** Return whether there is anything to copy. */
export function hasContent(message) {
  return message.parts.some((part) => (part.kind === "text" ? part.text.trim() !== "" : figuresOf(part) !== null));
}

/** Return `{text, html}`; `article` is the drawn answer. */
export function copyContent(message, article) {
  const drawn = [...article.querySelectorAll(":scope > .markdown")];
  const pieces = message.parts.flatMap((part) => {
    if (part.kind === "text") return [{ text: part.text.trim(), html: plainHtmlOf(drawn.shift()) }];
    const figures = figuresOf(part);
    return figures ? [{ text: asMarkdown(figures), html: asHtml(figures) }] : [];
  });
  return {
    text: pieces
      .map(({ text }) => text)
      .filter(Boolean)
      .join("\n\n"),
    html: pieces.map(({ html }) => html).join(""),
  };
}

function figuresOf(part) {
  if (part.kind !== "tool" || !part.call.result?.ok) return null;
  const result = parsedResult(part.call.result.data);
  return result && result.tables.length > 0 ? result : null;
}

function plainHtmlOf(container) {
  if (!container) return "";
  const copy = container.cloneNode(true);
  for (const each of copy.querySelectorAll(UNWRAPPED)) each.replaceWith(...each.childNodes);
  for (const each of copy.querySelectorAll(NOT_COPIED)) each.remove();
  for (const each of copy.querySelectorAll("*")) {
    for (const { name } of [...each.attributes]) {
      if (!["href", "colspan", "rowspan", "start", "dir", "lang"].includes(name)) each.removeAttribute(name);
    }
  }
  return copy.innerHTML;
}

function asMarkdown({ title, note, tables, sources }) {
  const row = (cells) => `| ${cells.map((cell) => cell.replace(/\s+/g, " ").replaceAll("|", "\\|")).join(" | ")} |`;
  const table = ({ columns, rows }) => [row(columns), row(columns.map(() => "---")), ...rows.map(row)].join("\n");
  return [title && `**${title}**`, note, ...tables.map(table), ...sources.map(sourceSentence)]
    .filter(Boolean)
    .join("\n\n");
}

function asHtml({ title, note, tables, sources }) {
  const container = document.createElement("div");
  if (title) container.append(element("h3", title));
  if (note) container.append(element("p", note));
  container.append(...tables.map(tableElement));
  container.append(...sources.map((source) => element("p", sourceSentence(source))));
  return container.innerHTML;
}

function tableElement({ columns, rows }) {
  const row = (cells, kind) => element("tr", ...cells.map((cell) => element(kind, cell)));
  return element("table", row(columns, "th"), ...rows.map((cells) => row(cells, "td")));
}

function element(name, ...content) {
  const node = document.createElement(name);
  node.append(...content);
  return node;
}
