// The catalogue in use. Everything else imports from here, so that choosing a language is done in one place.

export { strings } from "./en.js";
