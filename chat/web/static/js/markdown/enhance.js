// Additions to Markdown blocks: a header over code, tools under a table, the host after a link. This module makes only
// elements; clicks.js has their actions.

import { element, taskButton } from "../browser/tasks.js";
import { strings } from "../strings/index.js";
import { tableBlock } from "../table/frame.js";
import { setDirections } from "./direction.js";
import { linkNotes } from "./notes.js";

/** Change a sanitised fragment in place. `name` is unique to the text in the page. */
export function enhance(fragment, name) {
  setDirections(fragment);
  for (const pre of fragment.querySelectorAll("pre")) frameCode(pre);
  for (const table of fragment.querySelectorAll("table")) frameTable(table);
  for (const link of fragment.querySelectorAll("a[href]")) showHost(link);
  linkNotes(fragment, name);
  for (const code of fragment.querySelectorAll("code.math-inline, code.math-display")) {
    const place = element("span", code.className);
    place.textContent = code.textContent;
    code.replaceWith(place);
  }
}

/** Return the language named by a code block, or "". */
export function languageOf(code) {
  return /(?:^|\s)language-(\S+)/.exec(code.className)?.[1] ?? "";
}

function frameCode(pre) {
  const labels = strings.markdown;
  const language = languageOf(pre.firstElementChild ?? pre);
  const wrap = taskButton("wrap", labels.wrap, labels.wrap);
  wrap.setAttribute("aria-pressed", "false");
  const head = element("div", "code-head", element("span", "code-language", language || labels.code), wrap);
  head.append(taskButton("copy-code", labels.copy, labels.copyCode));
  const frame = element("div", "code-block", head);
  pre.replaceWith(frame);
  // A block that is wider than the page must scroll by keyboard, too.
  pre.tabIndex = 0;
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", language || labels.code);
  frame.append(pre);
}

function frameTable(table) {
  const place = document.createComment("");
  table.replaceWith(place);
  place.replaceWith(tableBlock(table));
}

/** Show a link's real host, whatever its text says. */
function showHost(link) {
  const url = new URL(link.href);
  const host = url.protocol === "mailto:" ? url.pathname : url.host;
  if (says(link.textContent.trim(), url, host)) return;
  const name = element("span", "", host);
  name.dir = "ltr";
  // The space belongs to the host, so that it is not underlined, and comes first in the direction of the text.
  link.append(element("span", "link-host", " ", name));
}

const withoutWww = (host) => host.replace(/^www\./, "");

function says(words, url, host) {
  if (words === url.href || words === host) return true;
  try {
    const shown = new URL(/^[a-z]+:/i.test(words) ? words : `https://${words}`);
    return withoutWww(shown.host) === withoutWww(url.host) && shown.protocol !== "mailto:" && !/\s/.test(words);
  } catch {
    return false;
  }
}
