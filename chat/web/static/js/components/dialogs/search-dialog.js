// Finding a chat by its words: a field, and a list that the arrow keys walk while the focus stays in the field.

import { directionOf } from "../../markdown/direction.js";
import { describe } from "../../network/errors.js";
import { strings } from "../../strings/index.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../view.js";
import { IconButton } from "../elements/buttons.js";
import { Icon, Spinner } from "../elements/icons.js";
import { Dialog } from "./dialog.js";

const PAUSE_MS = 180;
const LONGEST = 200;
const RECENT = 12;
const dated = new Intl.DateTimeFormat(strings.dateLocale, { day: "numeric", month: "short", year: "numeric" });

export function SearchDialog({ recent, removingIds, actions, onClose }) {
  const [words, setWords] = useState(actions.takeTyped);
  const found = useSearch(words.trim(), actions);
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const searched = words.trim() !== "";
  const shown = searched ? found.items : recent.filter(({ id }) => !removingIds.has(id)).slice(0, RECENT);
  const active = Math.min(at, shown.length - 1);

  useEffect(() => setAt(0), [words]);
  useLayoutEffect(() => {
    list.current.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [active, words]);
  const open = (item) => {
    onClose();
    actions.open(item.id, { messageId: item.snippet?.messageId ?? null });
  };
  const onKeyDown = (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length > 0) setAt((active + step + shown.length) % shown.length);
    else if (event.key === "Enter" && shown[active]) open(shown[active]);
    else return;
    event.preventDefault();
  };
  const say = strings.search;
  return html`
    <${Dialog} title=${say.title} kind="search" bare onClose=${onClose}>
      <div class="search-head">
        <${Icon} name="search" />
        <input
          class="search-field"
          dir=${directionOf(words)}
          role="combobox"
          aria-label=${say.title}
          aria-expanded=${String(shown.length > 0)}
          aria-controls="search-results"
          aria-autocomplete="list"
          aria-activedescendant=${shown[active] ? `found-${shown[active].id}` : null}
          placeholder=${say.placeholder}
          maxlength=${LONGEST}
          autocomplete="off"
          spellcheck="false"
          autofocus
          value=${words}
          onInput=${(event) => setWords(event.currentTarget.value)}
          onKeyDown=${onKeyDown}
        />
        ${found.busy && html`<${Spinner} />`}
        <${IconButton} icon="close" label=${strings.close} onClick=${onClose} />
      </div>
      <div class="search-list" ref=${list}>
        ${!searched && shown.length > 0 && html`<p class="group-name" aria-hidden="true">${say.recent}</p>`}
        <ul id="search-results" role="listbox" aria-label=${searched ? say.title : say.recent}>
          ${shown.map(
            (item, index) => html`
              <${Found} key=${item.id} item=${item} active=${index === active} onOpen=${open} onPoint=${() => setAt(index)} />
            `,
          )}
        </ul>
        ${searched && html`<${Ending} words=${words.trim()} found=${found} />`}
      </div>
      <p class="unseen" role="status">${searched && !found.busy ? tell(found) : ""}</p>
    <//>
  `;
}

function tell({ items, nextCursor }) {
  return nextCursor ? strings.search.foundSoFar(items.length) : strings.search.found(items.length);
}

const NOTHING = { words: "", items: [], nextCursor: null, busy: false, problem: null };

/** What the server finds for these words, once the typing pauses; an older question's answer is given up. */
function useSearch(words, actions) {
  const [found, setFound] = useState(NOTHING);
  const patch = (change) => setFound((state) => ({ ...state, ...change }));
  const given = useRef(null);
  useEffect(() => {
    const asking = new AbortController();
    given.current = asking;
    if (!words) {
      setFound(NOTHING);
      return undefined;
    }
    const timer = setTimeout(() => ask(asking.signal, null), PAUSE_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [words]);

  async function ask(signal, cursor) {
    try {
      const page = await actions.search(words, { cursor, signal });
      setFound((state) => ({
        ...NOTHING,
        words,
        items: cursor ? [...state.items, ...page.items] : page.items,
        nextCursor: page.nextCursor,
      }));
    } catch (error) {
      if (!signal.aborted) setFound((state) => ({ ...state, words, busy: false, problem: describe(error) }));
    }
  }
  return {
    ...found,
    // What stands there until the answer comes was found for other words.
    busy: found.busy || found.words !== words,
    more() {
      patch({ busy: true, problem: null });
      ask(given.current.signal, found.nextCursor);
    },
  };
}

function Found({ item, active, onOpen, onPoint }) {
  const { snippet } = item;
  // What was found in the title is marked there, and not said twice.
  const inTitle = snippet !== null && snippet?.messageId === null;
  return html`
    <li
      id="found-${item.id}"
      role="option"
      aria-selected=${String(active)}
      class=${active ? "found active" : "found"}
      onClick=${() => onOpen(item)}
      onMouseMove=${active ? null : onPoint}
    >
      <span class="found-head">
        <span class="title" dir=${directionOf(item.title ?? "")}>${inTitle ? marked(snippet) : item.title || strings.untitled}</span>
        ${item.archived && html`<span class="archived-sign">${strings.archive.sign}</span>`}
        <span class="when">${item.updatedAt > 0 && dated.format(item.updatedAt)}</span>
      </span>
      ${snippet && !inTitle && html`<span class="snippet" dir=${directionOf(snippet.pieces.map(({ text }) => text).join(""))}>${marked(snippet)}</span>`}
    </li>
  `;
}

function marked({ pieces }) {
  return pieces.map(({ text, hit }) => (hit ? html`<mark>${text}</mark>` : text));
}

function Ending({ words, found: { items, nextCursor, busy, problem, more } }) {
  const say = strings.search;
  if (problem && !busy) return html`<p class="problem" role="alert">${problem}</p>`;
  if (nextCursor && !busy) return html`<button type="button" class="quiet" onClick=${more}>${say.more}</button>`;
  if (items.length > 0 || busy) return null;
  return html`<div class="nothing"><p>${say.none(words)}</p><p class="muted">${say.hint}</p></div>`;
}
