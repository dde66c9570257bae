// Loaded for its effect: `globalThis.DOMPurify` (see globals.d.ts).

export {};
