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
    this.#rest = lines.pop();
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
 */
export async function* readEvents(stream, silenceMs) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await withinTime(reader.read(), silenceMs);
      if (done) return;
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    throw error instanceof StreamBroken ? error : new StreamBroken(String(error));
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function withinTime(promise, milliseconds) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new StreamBroken("silent for too long")), milliseconds);
  });
  try {
    return await Promise.race([promise, silence]);
  } finally {
    clearTimeout(timer);
  }
}
