// Search for a chat: a field, and a list for the arrow keys while the focus stays in the field.

import { directionOf } from "../../markdown/direction.js";
import { describeError } from "../../network/errors.js";
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
  const results = useSearch(words.trim(), actions);
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const searched = words.trim() !== "";
  const shown = searched ? results.items : recent.filter(({ id }) => !removingIds.has(id)).slice(0, RECENT);
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
  const labels = strings.search;
  return html`
    <${Dialog} title=${labels.title} kind="search" bare onClose=${onClose}>
      <div class="search-head">
        <${Icon} name="search" />
        <input
          class="search-field"
          dir=${directionOf(words)}
          role="combobox"
          aria-label=${labels.title}
          aria-expanded=${String(shown.length > 0)}
          aria-controls="search-results"
          aria-autocomplete="list"
          aria-activedescendant=${shown[active] ? `found-${shown[active].id}` : null}
          placeholder=${labels.placeholder}
          maxlength=${LONGEST}
          autocomplete="off"
          spellcheck="false"
          autofocus
          value=${words}
          onInput=${(event) => setWords(event.currentTarget.value)}
          onKeyDown=${onKeyDown}
        />
        ${results.busy && html`<${Spinner} />`}
        <${IconButton} icon="close" label=${strings.close} onClick=${onClose} />
      </div>
      <div class="search-list" ref=${list}>
        ${!searched && shown.length > 0 && html`<p class="group-name" aria-hidden="true">${labels.recent}</p>`}
        <ul id="search-results" role="listbox" aria-label=${searched ? labels.title : labels.recent}>
          ${shown.map(
            (item, index) => html`
              <${SearchHit} key=${item.id} item=${item} active=${index === active} onOpen=${open} onPoint=${() => setAt(index)} />
            `,
          )}
        </ul>
        ${searched && html`<${Ending} words=${words.trim()} results=${results} />`}
      </div>
      <p class="visually-hidden" role="status">${searched && !results.busy ? countText(results) : ""}</p>
    <//>
  `;
}

function countText({ items, nextCursor }) {
  return nextCursor ? strings.search.foundSoFar(items.length) : strings.search.found(items.length);
}

const NOTHING = { words: "", items: [], nextCursor: null, busy: false, problem: null };

/** Return the server's results for these words after a pause in typing. An outdated request is aborted. */
function useSearch(words, actions) {
  const [results, setResults] = useState(NOTHING);
  const patch = (change) => setResults((state) => ({ ...state, ...change }));
  const request = useRef(null);
  useEffect(() => {
    const asking = new AbortController();
    request.current = asking;
    if (!words) {
      setResults(NOTHING);
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
      setResults((state) => ({
        ...NOTHING,
        words,
        items: cursor ? [...state.items, ...page.items] : page.items,
        nextCursor: page.nextCursor,
      }));
    } catch (error) {
      if (!signal.aborted) setResults((state) => ({ ...state, words, busy: false, problem: describeError(error) }));
    }
  }
  return {
    ...results,
    // Until the response comes, the results shown are those of other words.
    busy: results.busy || results.words !== words,
    more() {
      patch({ busy: true, problem: null });
      ask(request.current.signal, results.nextCursor);
    },
  };
}

function SearchHit({ item, active, onOpen, onPoint }) {
  const { snippet } = item;
  // A hit in the title is marked there and not repeated.
  const inTitle = snippet !== null && snippet?.messageId === null;
  return html`
    <li
      id="found-${item.id}"
      role="option"
      aria-selected=${String(active)}
      class=${active ? "search-hit active" : "search-hit"}
      onClick=${() => onOpen(item)}
      onMouseMove=${active ? null : onPoint}
    >
      <span class="search-hit-head">
        <span class="title" dir=${directionOf(item.title ?? "")}>${inTitle ? highlighted(snippet) : item.title || strings.untitled}</span>
        ${item.archived && html`<span class="archived-sign">${strings.archive.sign}</span>`}
        <span class="date">${item.updatedAt > 0 && dated.format(item.updatedAt)}</span>
      </span>
      ${snippet && !inTitle && html`<span class="snippet" dir=${directionOf(snippet.pieces.map(({ text }) => text).join(""))}>${highlighted(snippet)}</span>`}
    </li>
  `;
}

function highlighted({ pieces }) {
  return pieces.map(({ text, hit }) => (hit ? html`<mark>${text}</mark>` : text));
}

function Ending({ words, results: { items, nextCursor, busy, problem, more } }) {
  const labels = strings.search;
  if (problem && !busy) return html`<p class="problem" role="alert">${problem}</p>`;
  if (nextCursor && !busy) return html`<button type="button" class="quiet" onClick=${more}>${labels.more}</button>`;
  if (items.length > 0 || busy) return null;
  return html`<div class="search-empty"><p>${labels.none(words)}</p><p class="muted">${labels.hint}</p></div>`;
}
