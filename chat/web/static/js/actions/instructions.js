// Saving the person's own instructions.

import { describeError } from "../network/errors.js";

export function instructionActions({ store, api }) {
  /** Resolves with null, or with a sentence about why they were not kept. */
  async function saveInstructions(text) {
    try {
      const kept = await api.changeInstructions(text);
      store.update(({ me }) => ({ me: { ...me, instructions: kept.text } }));
      return null;
    } catch (error) {
      return describeError(error);
    }
  }

  return { saveInstructions };
}
