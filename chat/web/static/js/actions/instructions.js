// Save the user's own instructions.

import { describeError } from "../network/errors.js";

export function instructionActions({ store, api }) {
  /** Resolve with null, or with an error message. */
  async function saveInstructions(text) {
    try {
      const saved = await api.changeInstructions(text);
      store.update(({ me }) => ({ me: { ...me, instructions: saved.text } }));
      return null;
    } catch (error) {
      return describeError(error);
    }
  }

  return { saveInstructions };
}
