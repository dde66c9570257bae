// A place in the page for Markdown. The view library makes the frame; GrowingText alone fills it.

import { GrowingText } from "../markdown/growing-text.js";
import { html, pure, useLayoutEffect, useRef } from "../view.js";

/** `growing`: whether the end of the text is still being written. */
export const MarkdownText = pure(({ text, growing = false }) => {
  const frame = useRef(null);
  const place = useRef(null);
  useLayoutEffect(() => {
    place.current ??= new GrowingText(frame.current);
    place.current.show(text, growing);
  }, [text, growing]);
  return html`<div class=${growing ? "markdown growing" : "markdown"} ref=${frame}></div>`;
});
