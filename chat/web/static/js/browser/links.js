// Which addresses a link may have, for all content of models, tools and users.

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** Return the absolute, normalised address if its scheme is http, https or mailto; otherwise null. */
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
