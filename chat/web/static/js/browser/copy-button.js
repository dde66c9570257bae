// A copy button shows its result in its own text and accessible name.

import { strings } from "../strings/index.js";
import { copyText } from "./clipboard.js";

const CONFIRMATION_MS = 1600;

export async function copyFrom(button, text) {
  const labels = strings.markdown;
  const [word, label] = [button.textContent, button.getAttribute("aria-label")];
  if (button.dataset.confirming) return;
  button.dataset.confirming = "1";
  const done = (await copyText(text)) ? labels.copied : labels.notCopied;
  button.textContent = done;
  button.setAttribute("aria-label", done);
  setTimeout(() => {
    delete button.dataset.confirming;
    button.textContent = word;
    button.setAttribute("aria-label", label);
  }, CONFIRMATION_MS);
}
