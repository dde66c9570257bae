// The list of keyboard shortcuts.

import { isApple, SHORTCUTS, SINGLE_KEY } from "../../browser/keys.js";
import { strings } from "../../strings/index.js";
import { html } from "../../view.js";
import { Dialog } from "./dialog.js";

const WRITING = [
  { action: "send", modifiers: [], key: "Enter" },
  { action: "newline", modifiers: ["shift"], key: "Enter" },
  { action: "editLast", modifiers: [], key: "ArrowUp" },
  { action: "stop", modifiers: [], key: "Escape" },
];
const CLOSE = { action: "close", modifiers: [], key: "Escape" };

export function ShortcutsSheet({ preferences, actions, onClose }) {
  const { title, groups } = strings.shortcuts;
  const everywhere = [...SHORTCUTS.map((each) => withSingle(each, preferences.keys)), CLOSE];
  return html`
    <${Dialog} title=${title} kind="shortcuts" onClose=${onClose}>
      <${Group} name=${groups.page} shortcuts=${everywhere} />
      <${Group} name=${groups.writing} shortcuts=${WRITING} />
      <label class="check">
        <input
          type="checkbox"
          checked=${preferences.keys}
          onChange=${(event) => actions.prefer({ keys: event.currentTarget.checked })}
        />
        ${strings.settings.singleKeys}
      </label>
    <//>
  `;
}

/** The help has two shortcuts; one of them can be switched off. */
function withSingle(shortcut, on) {
  return on && shortcut.action === SINGLE_KEY.action ? { ...shortcut, single: SINGLE_KEY.key } : shortcut;
}

function Group({ name, shortcuts }) {
  return html`
    <section>
      <h3>${name}</h3>
      <dl>
        ${shortcuts.map(
          ({ action, modifiers, key, single }) => html`
            <div>
              <dt>${strings.shortcuts[action]}</dt>
              <dd>
                <${Keys} modifiers=${modifiers} last=${key} />
                ${single && html`<span class="muted small">${strings.shortcuts.or}</span><kbd>${single}</kbd>`}
              </dd>
            </div>
          `,
        )}
      </dl>
    </section>
  `;
}

function Keys({ modifiers, last }) {
  const words = strings.shortcuts.keys;
  const named = { command: isApple() ? words.command : words.control, shift: words.shift };
  const end = { Enter: words.enter, Escape: words.escape, ArrowUp: "↑" }[last] ?? last.toUpperCase();
  return [...modifiers.map((name) => named[name]), end].map((word) => html`<kbd>${word}</kbd>`);
}
