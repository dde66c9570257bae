// The user's own instructions for every answer.

import { directionOf } from "../../markdown/direction.js";
import { strings } from "../../strings/index.js";
import { html, useState } from "../../view.js";

export function InstructionsSetting({ me, actions }) {
  const labels = strings.instructions;
  const stored = me?.instructions ?? "";
  const limit = me?.limits?.instruction_chars ?? 4000;
  const [text, setText] = useState(stored);
  const [{ phase, problem }, setState] = useState({ phase: "idle", problem: null });
  const length = [...text.trim()].length;
  const changed = text.trim() !== stored;
  const save = async (event) => {
    event.preventDefault();
    setState({ phase: "saving", problem: null });
    const refused = await actions.saveInstructions(text.trim());
    setState({ phase: refused ? "idle" : "saved", problem: refused });
  };
  const onInput = (event) => {
    setText(event.currentTarget.value);
    setState({ phase: "idle", problem: null });
  };
  return html`
    <form class="setting instructions" onSubmit=${save}>
      <label for="instructions">${labels.label}</label>
      <p id="instructions-about" class="muted small">${labels.explanation}</p>
      <textarea
        id="instructions"
        rows="4"
        dir=${directionOf(text)}
        value=${text}
        placeholder=${labels.placeholder}
        disabled=${!me}
        aria-describedby="instructions-about"
        aria-invalid=${length > limit ? "true" : null}
        onInput=${onInput}
      ></textarea>
      <div class="instructions-foot">
        <p class=${length > limit ? "too-long" : "muted small"} role="status">
          ${problem ?? (phase === "saved" && !changed ? labels.saved : labels.count(length, limit))}
        </p>
        <button type="submit" class="primary" disabled=${!changed || length > limit || phase === "saving"}>${labels.save}</button>
      </div>
    </form>
  `;
}
