// A place in the page for Markdown. The view library makes the frame; GrowingText alone fills it.

import { GrowingText } from "../markdown/growing-text.js";
import { html, pure, useLayoutEffect, useRef } from "../view.js";

export const MarkdownText = pure(({ text }) => {
  const frame = useRef(null);
  const growing = useRef(null);
  useLayoutEffect(() => {
    growing.current ??= new GrowingText(frame.current);
    growing.current.show(text);
  }, [text]);
  return html`<div class="markdown" ref=${frame}></div>`;
});
