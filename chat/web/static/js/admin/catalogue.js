// The texts of the operators' page in the page's language. The chats' page does not load them.

import { strings } from "../strings/index.js";

const catalogue = await (strings.language === "de"
  ? import("../strings/admin-de.js")
  : import("../strings/admin-en.js"));

export const texts = catalogue.texts;
