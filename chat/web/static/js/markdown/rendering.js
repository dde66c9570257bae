// Renders the parser's tokens to HTML. The result is not safe yet: sanitise.js filters it.

import { safeHref } from "../browser/links.js";
import { strings } from "../strings/index.js";
import { wordsOfTag } from "./html-rules.js";
import { md } from "./parser.js";

const { escapeHtml } = md.utils;
const TASK = /^\[([ xX])\](?=\s)/;
const { rules } = md.renderer;

/** `env.outline` holds the levels of the enclosing headings, outermost first. */
function levelOf(token, env) {
  const depth = Number(token.tag[1]);
  env.outline = [...env.outline.filter((above) => above < depth), depth];
  // Levels follow the page's own two, without gaps, whatever level the text begins with.
  return Math.min(6, env.outline.length + 2);
}

rules.heading_open = (tokens, index, _, env) => {
  tokens[index].meta = levelOf(tokens[index], env);
  return `<h${tokens[index].meta}>`;
};
rules.heading_close = (tokens, index) => `</h${tokens[index - 2].meta}>\n`;
rules.s_open = () => "<del>";
rules.s_close = () => "</del>";

// A link with a forbidden address is text; while the address is being written, it is a link without one.
const linkTag = (href, env) => {
  const address = env.address ? env.address(href) : safeHref(href);
  if (address !== null) return `<a href="${escapeHtml(address)}">`;
  return href === "" && env.growing ? "<a>" : null;
};
const closings = new WeakMap();

rules.link_open = (tokens, index, _, env) => {
  const tag = linkTag(tokens[index].attrGet("href"), env);
  const stack = closings.get(env) ?? [];
  closings.set(env, [...stack, tag === null ? "" : "</a>"]);
  return tag ?? "";
};
rules.link_close = (_tokens, _index, _, env) => closings.get(env).pop();

/** Return the words of a label, without emphasis, but with signs that were escaped and with formulas. */
function wordsOf(tokens) {
  const words = ({ type, content, children }) => {
    if (type.endsWith("break")) return " ";
    return children ? wordsOf(children) : type === "html_inline" ? wordsOfTag(content) : content;
  };
  return tokens.map(words).join("").replace(/\s+/g, " ").trim();
}

// The page loads no foreign images: an image becomes a link.
rules.image = (tokens, index, _, env) => {
  const label = wordsOf(tokens[index].children);
  const name = escapeHtml(env.image ? env.image(label) : strings.markdown.image(label));
  const tag = closings.get(env)?.length ? null : linkTag(tokens[index].attrGet("src"), env);
  return tag === null ? name : `${tag}${name}</a>`;
};

const code = (content, info) => {
  const language = /^[\w+#.-]{1,30}/.exec(md.utils.unescapeAll(info).trim())?.[0].toLowerCase() ?? "";
  return `<pre><code class="language-${language}">${escapeHtml(content.replace(/\n$/, ""))}</code></pre>\n`;
};
rules.fence = (tokens, index) => code(tokens[index].content, tokens[index].info);
rules.code_block = rules.fence;
rules.text_special = rules.text;

const cell = (tokens, index) => {
  const align = /text-align:(\w+)/.exec(tokens[index].attrGet("style") ?? "")?.[1];
  return `<${tokens[index].tag}${align ? ` align="${align}"` : ""}>`;
};
rules.th_open = cell;
rules.td_open = cell;

/** Set the written numbers of ordered lists and the boxes of task lists. */
export function prepareLists(tokens) {
  const lists = [];
  tokens.forEach((token, index) => {
    if (/_list_open$/.test(token.type)) lists.push({ list: token, items: [] });
    else if (token.type === "list_item_open") {
      lists.at(-1).items.push(token);
      if (tokens[index + 2]?.type === "inline") prepareTask(token, tokens[index + 2], lists.at(-1).list);
    } else if (token.type === "ordered_list_close") numberItems(lists.pop());
    else if (token.type === "bullet_list_close") lists.pop();
  });
}

/** A box stands in the place of the bullet. */
function prepareTask(item, text, list) {
  const [box, mark] = TASK.exec(text.content) ?? [];
  if (!box) return;
  text.content = (mark === " " ? "☐" : "☑") + text.content.slice(box.length);
  if (list.type === "bullet_list_open") item.attrSet("class", "task");
}

/** "1. 1. 1." asks for counting; "3. 5. 9." are the author's own numbers. */
function numberItems({ list, items }) {
  const numbers = items.map(({ info }) => Number(info));
  const counted = numbers.every((number) => number === numbers[0]) && numbers[0] < 2;
  const most = counted ? numbers[0] + items.length : Math.max(...numbers);
  const classes = [list.markup === ")" && "paren", most > 9999 ? "widest" : most > 99 && "wide"].filter(Boolean);
  if (classes.length > 0) list.attrSet("class", classes.join(" "));
  if (counted) return;
  items.forEach((item, at) => {
    if (at > 0 && numbers[at] !== numbers[at - 1] + 1) item.attrSet("value", String(numbers[at]));
  });
}
