// Which addresses a link may have. Used for everything that is not ours: models, tools, users.

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** The address, made absolute and normal, if it is one of http, https or mailto; otherwise null. */
export function safeHref(text) {
  if (typeof text !== "string" || text.length > 4000) return null;
  let url;
  try {
    url = new URL(text.trim());
  } catch {
    return null;
  }
  return SCHEMES.has(url.protocol) ? url.href : null;
}

export const LINK_REL = "noopener noreferrer nofollow";
