// Definitions that the rest of a text uses: link addresses (`[name]: address`) and footnotes. Pure.

export class Definitions {
  #links = new Map();
  #notes = new Map();
  // The number of each note, in the order of the first references, and its count of references; and the same counts at
  // the end of the settled blocks.
  #uses = new Map();
  #settledUses = new Map();

  /** Read the definitions of `blocks`, which must include all that have any. The first definition of a name counts. */
  update(blocks) {
    this.#links = new Map();
    this.#notes = new Map();
    for (const block of blocks) {
      for (const [label, link] of block.links) if (!this.#links.has(label)) this.#links.set(label, link);
      for (const [label, note] of block.notes) if (!this.#notes.has(label)) this.#notes.set(label, note);
    }
  }

  /** Return a value that changes when blocks with references may look different. */
  signature(growing) {
    const links = [...this.#links].map(([label, { href }]) => [label, href]);
    return JSON.stringify([growing, links, [...this.#notes.keys()]]);
  }

  /** Count references from the beginning of the text. */
  countAgain() {
    this.#uses = new Map();
  }

  /** Save the count, from which `countOn` continues. */
  markSettled() {
    this.#settledUses = new Map(this.#uses);
  }

  countOn() {
    this.#uses = new Map(this.#settledUses);
  }

  /** Return the parser's lookup tables. Every name looked up is added to `lookups`. */
  lookedUp(lookups, growing) {
    const references = new Proxy(Object.create(null), {
      get: (_, label) => {
        lookups.add(label);
        return this.#links.get(label);
      },
    });
    const has = (label, isUsual) => {
      lookups.add(`^${label}`);
      return this.#notes.has(label) || (growing && isUsual);
    };
    return { references, notes: { has, use: (label) => this.#use(label) } };
  }

  #use(label) {
    const { number, uses } = this.#uses.get(label) ?? { number: this.#uses.size + 1, uses: 0 };
    this.#uses.set(label, { number, uses: uses + 1 });
    return { number, use: uses + 1 };
  }

  /**
   * Render each note by `render(label, tokens)`: first those referred to, by number, then the others. Return `{number,
   * uses, html}` of each.
   */
  renderNotes(render) {
    const done = new Map();
    // A note may refer to another one, so there may be more of them afterwards.
    for (let label = this.#nextNote(done); label !== undefined; label = this.#nextNote(done)) {
      done.set(label, render(label, this.#notes.get(label)));
    }
    const notes = [...done].map(([label, html]) => ({ ...this.#uses.get(label), html }));
    return notes.sort((one, other) => one.number - other.number);
  }

  #nextNote(done) {
    for (const label of this.#uses.keys()) if (this.#notes.has(label) && !done.has(label)) return label;
    for (const label of this.#notes.keys()) {
      if (done.has(label)) continue;
      this.#uses.set(label, { number: this.#uses.size + 1, uses: 0 });
      return label;
    }
    return undefined;
  }
}
