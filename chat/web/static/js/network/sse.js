// Parser for server-sent events, as the HTML standard describes the format. The stream is opened elsewhere.

/** The stream ended, was silent for too long, or could not be read before it was complete. */
export class StreamBroken extends Error {}

/** Takes text in pieces of any size and returns complete events `{name, id, data}`, all strings. */
export class EventParser {
  #rest = "";
  #afterReturn = false;
  #started = false;
  #name = "";
  #id = "";
  #data = [];

  feed(text) {
    if (!text) return [];
    if (!this.#started) {
      this.#started = true;
      if (text[0] === "\uFEFF") text = text.slice(1);
    }
    // CR LF may be split between two pieces: the LF then belongs to a line that has ended already.
    if (this.#afterReturn) {
      this.#afterReturn = false;
      if (text[0] === "\n") text = text.slice(1);
    }
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#afterReturn = text.endsWith("\r");
    this.#rest = lines.pop() ?? "";
    const events = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value[0] === " ") value = value.slice(1);
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch() {
    const event = { name: this.#name || "message", id: this.#id, data: this.#data.join("\n") };
    const empty = this.#data.length === 0;
    this.#name = "";
    this.#data = [];
    return empty ? null : event;
  }
}

/**
 * Yield the events of a ReadableStream of bytes as they arrive, until it ends. Throws StreamBroken if nothing, not
 * even a comment, arrives for `silenceMs`, or if the stream fails. `signal` ends it early.
 */
export async function* readEvents(stream, silenceMs, /** @type {AbortSignal | null} */ signal = null) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  let ended = false;
  try {
    for (let next = reader.read(); ; ) {
      const { done, value } = await withinTime(next, silenceMs, signal);
      ended = done && !signal?.aborted;
      if (done || signal?.aborted) return;
      // Read ahead before the events are yielded: Chromium cancels a request if no read waits for its end.
      next = reader.read();
      next.catch(() => {});
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    throw error instanceof StreamBroken ? error : new StreamBroken(String(error));
  } finally {
    // Do not cancel a stream that has ended: the browser would log it as canceled.
    if (!ended) reader.cancel().catch(() => {});
  }
}

/** Yield the events of a short response. Throws StreamBroken if it does not end in time, or is cut. */
export async function* readWhole(response, silenceMs) {
  let text;
  try {
    text = await withinTime(response.text(), silenceMs, null);
  } catch (error) {
    throw error instanceof StreamBroken ? error : new StreamBroken(String(error));
  }
  yield* new EventParser().feed(text);
}

async function withinTime(promise, milliseconds, signal) {
  let timer;
  let end;
  const early = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new StreamBroken("silent for too long")), milliseconds);
    end = () => resolve({ done: true });
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
  try {
    return await Promise.race([promise, early]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}
