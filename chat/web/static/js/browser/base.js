// The path at which this page is published: "" at the root, or one such as "/chat".

export const BASE = globalThis.document?.documentElement?.dataset?.base ?? "";
