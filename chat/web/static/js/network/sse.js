// Server-sent events out of a byte stream, as the HTML standard describes the format.
// No network here: what is read comes from whoever opened the stream.

/** The stream ended, fell silent or could not be read before it was finished. */
export class StreamBroken extends Error {}

/** Text in, in pieces of any size; complete events `{name, id, data}` out, all three strings. */
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
    // A line may end in CR LF with the two in different pieces: the LF then belongs to a line already ended.
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
 * The events of a ReadableStream of bytes, as they arrive. Ends when the stream ends.
 * Throws StreamBroken when nothing at all, not even a comment, came for `silenceMs`, or when the stream fails.
 * `signal` ends it before its time.
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
      // Asked for before the events are handed on: Chromium cancels a request whose end nobody waits for.
      next = reader.read();
      next.catch(() => {});
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    throw error instanceof StreamBroken ? error : new StreamBroken(String(error));
  } finally {
    // What has ended is left alone: the browser would note it as canceled.
    if (!ended) reader.cancel().catch(() => {});
  }
}

/** The events of a response that ends soon. Throws StreamBroken when it does not, or when it is cut. */
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
