// A place in the page for Markdown. The view library makes the frame; GrowingText alone fills it.

import { measured } from "../markdown/effort.js";
import { GrowingText } from "../markdown/growing-text.js";
import { html, pure, useLayoutEffect, useRef } from "../view.js";

/** `growing`: whether the end of the text is still being written. */
export const MarkdownText = pure(({ text, growing = false }) => {
  const frame = useRef(null);
  const place = useRef(null);
  useLayoutEffect(() => {
    place.current ??= new GrowingText(frame.current);
    if (growing) measured(() => place.current.show(text, true));
    else place.current.show(text);
  }, [text, growing]);
  return html`<div class=${growing ? "markdown growing" : "markdown"} ref=${frame}></div>`;
});
