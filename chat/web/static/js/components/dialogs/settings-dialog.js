// Settings: theme, language, instructions, notifications, data; and the server's version and mode.

import { THEMES } from "../../state/preferences.js";
import { LANGUAGES, strings } from "../../strings/index.js";
import { html, useState } from "../../view.js";
import { DataSetting } from "./data-setting.js";
import { Dialog } from "./dialog.js";
import { InstructionsSetting } from "./instructions-setting.js";

export function SettingsDialog({ preferences, me, actions, onClose }) {
  const labels = strings.settings;
  return html`
    <${Dialog} title=${labels.title} kind="settings" onClose=${onClose}>
      <fieldset class="setting">
        <legend>${labels.theme}</legend>
        <div class="segments">
          ${THEMES.map((theme) => html`<${ThemeChoice} theme=${theme} selected=${preferences.theme} actions=${actions} />`)}
        </div>
      </fieldset>
      <div class="setting">
        <label for="language">${labels.language}</label>
        <select id="language" onChange=${(event) => actions.chooseLanguage(event.currentTarget.value)}>
          ${Object.entries(LANGUAGES).map(
            ([name, ownName]) => html`
              <option value=${name} lang=${name} selected=${name === strings.language}>${ownName}</option>
            `,
          )}
        </select>
      </div>
      <${InstructionsSetting} key=${me ? "known" : "unknown"} me=${me} actions=${actions} />
      <${NotifySetting} preferences=${preferences} actions=${actions} />
      <${DataSetting} actions=${actions} />
      <${Server} me=${me} />
    <//>
  `;
}

function ThemeChoice({ theme, selected, actions }) {
  return html`
    <label>
      <input
        type="radio"
        name="theme"
        value=${theme}
        checked=${theme === selected}
        onChange=${() => actions.prefer({ theme })}
      />
      <span>${strings.settings.themes[theme]}</span>
    </label>
  `;
}

/** The browser asks for permission, only when the user switches this on. */
function NotifySetting({ preferences, actions }) {
  const labels = strings.notification;
  const [refused, setRefused] = useState(false);
  const change = async (event) => {
    const enabled = event.currentTarget.checked;
    const allowed = enabled && (await actions.allowNotifications());
    setRefused(enabled && !allowed);
    actions.prefer({ notify: allowed });
  };
  return html`
    <div class="setting notify">
      <label class="check">
        <input type="checkbox" checked=${preferences.notify} onChange=${change} />
        ${labels.setting}
      </label>
      ${refused && html`<p class="muted small" role="alert">${labels.refused}</p>`}
    </div>
  `;
}

function Server({ me }) {
  const mode = strings.settings.mode[me?.mode];
  if (!mode) return null;
  return html`
    <dl class="setting about-server">
      <dt>${strings.settings.server}</dt>
      <dd>${strings.product} ${me.version}</dd>
      <dd>${mode}</dd>
    </dl>
  `;
}
