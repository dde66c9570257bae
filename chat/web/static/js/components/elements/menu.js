// A small menu under a button. The native popover closes on Escape or a click outside and returns the focus.

import { html, useRef } from "../../view.js";
import { IconButton } from "./buttons.js";
import { Icon } from "./icons.js";

const GAP = 4;
const EDGE = 8;

/** `items` are {icon, word, run, danger?} or, for links, {icon, word, href, download?}. False entries are skipped. */
export function Menu({ id, icon = "dots", label, kind = "", items }) {
  const menu = useRef(null);
  const shown = items.filter(Boolean);
  const choose = (run) => () => {
    menu.current.hidePopover();
    run?.();
  };
  return html`
    <${IconButton} icon=${icon} label=${label} kind=${kind} aria-haspopup="menu" popovertarget=${id} />
    <div
      class="menu"
      id=${id}
      popover="auto"
      role="menu"
      aria-label=${label}
      ref=${menu}
      onBeforeToggle=${prepare}
      onKeyDown=${walk}
    >
      ${shown.map((item) => html`<${Entry} ...${item} onChoose=${choose(item.run)} />`)}
    </div>
  `;
}

function Entry({ icon, word, href, download, danger, onChoose }) {
  const inside = html`<${Icon} name=${icon} />${word}`;
  const own = { class: danger ? "danger" : null, role: "menuitem", tabindex: "-1", onClick: onChoose };
  if (href) return html`<a href=${href} download=${download} ...${own}>${inside}</a>`;
  return html`<button type="button" ...${own}>${inside}</button>`;
}

const entriesOf = (menu) => [...menu.querySelectorAll("[role=menuitem]")];

/** Move with the arrow keys in a circle, to the ends with Home and End. Tab leaves, and the menu closes. */
function walk(event) {
  const menu = event.currentTarget;
  const entries = entriesOf(menu);
  const at = entries.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  entries.at(to % entries.length).focus();
}

function prepare(event) {
  if (event.newState !== "open") return;
  const menu = event.currentTarget;
  place(menu);
  // The browser moves the focus while it opens the popover. Its event comes later, after keys pressed meanwhile.
  const first = entriesOf(menu)[0];
  if (first) first.autofocus = true;
}

/** Place the menu under its button, or above it if there is no space; always within the window. */
function place(menu) {
  const button = menu.previousElementSibling.getBoundingClientRect();
  // A popover has no size before it is shown, so estimate it from the number of entries.
  const height = menu.childElementCount * (matchMedia("(pointer: coarse)").matches ? 44 : 36) + 12;
  const width = 15 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const below = button.bottom + GAP + height < innerHeight;
  menu.style.left = `${Math.max(EDGE, Math.min(button.left, innerWidth - width - EDGE))}px`;
  menu.style.top = `${below ? button.bottom + GAP : Math.max(EDGE, button.top - height - GAP)}px`;
}
