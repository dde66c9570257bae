import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ApiError, Unreachable } from "../../chat/web/static/js/network/api.js";
import { answerErrorText, KINDS, problemOf } from "../../chat/web/static/js/network/errors.js";
import { texts as operatorsDe } from "../../chat/web/static/js/strings/admin-de.js";
import { texts as operatorsEn } from "../../chat/web/static/js/strings/admin-en.js";
import { strings as de } from "../../chat/web/static/js/strings/de.js";
import { strings as en } from "../../chat/web/static/js/strings/en.js";
import { strings } from "../../chat/web/static/js/strings/index.js";

const CHAT = new URL("../../chat/", import.meta.url);
const sources = readdirSync(CHAT, { recursive: true })
  .filter((name) => name.endsWith(".py"))
  .map((name) => readFileSync(new URL(name, CHAT), "utf8"));
const FORMS = [
  /^ {4}code = "([a-z_]+)"/gm,
  /\b(?:InvalidRequest|Conflict|Unauthorized)\(\s*"([a-z_]+)"/g,
  /\bproblem\(\d{3}, "([a-z_]+)"/g,
  /^ {4}\d{3}: \("([a-z_]+)", "/gm,
];
const CODES = new Set(
  sources.flatMap((text) => FORMS.flatMap((form) => [...text.matchAll(form)].map(([, code]) => code))),
);
// The operators' page has its own texts for these, with the remedy.
for (const code of ["look_running", "already_tracing", "no_snapshot", "not_tracing"]) {
  assert.ok(CODES.delete(code));
  for (const { lookProblems } of [operatorsEn, operatorsDe]) assert.match(lookProblems[code], /\.$/);
}
for (const reason of ["timeout", "stopped", "interrupted"]) CODES.add(`turn_${reason}`);

test("every error of the server has a cause and a remedy in each language", () => {
  assert.ok(CODES.size > 25);
  const missing = [...CODES].filter(
    (code) => !Object.hasOwn(en.problem.byCode, code) || !Object.hasOwn(de.problem.byCode, code),
  );
  assert.deepEqual(missing, []);
  for (const [language, { problem }] of Object.entries({ en, de })) {
    for (const code of CODES) {
      const [cause, remedy] = problem.byCode[code] ?? [];
      assert.match(cause ?? "", /\.$/, `${language}: ${code}`);
      assert.match(remedy ?? "", /\.$/, `${language}: ${code}`);
    }
  }
});

/** Return the message of a German page. */
function inGerman(error) {
  const before = strings.problem;
  strings.problem = de.problem;
  try {
    return answerErrorText(error);
  } finally {
    strings.problem = before;
  }
}

const GERMAN = [
  [
    "model_rejected",
    "The model's endpoint did not accept the key (401): Incorrect API key provided: see (docs); check OPENAI_API_KEY.",
    "Der Endpunkt des Modells nimmt den Schlüssel nicht an (401). Prüfen Sie OPENAI_API_KEY. Der Endpunkt meldet: „Incorrect API key provided: see (docs)“",
  ],
  [
    "model_rejected",
    "The model's endpoint did not accept the key (401); check OPENAI_API_KEY.",
    "Der Endpunkt des Modells nimmt den Schlüssel nicht an (401). Prüfen Sie OPENAI_API_KEY.",
  ],
  [
    "model_rejected",
    "The model's endpoint refused the request (400): too long; check that CHAT_MODEL names a chat model with room for the conversation.",
    "Der Endpunkt des Modells hat die Anfrage abgelehnt. Prüfen Sie, ob CHAT_MODEL ein Chat-Modell nennt, das Platz für die Unterhaltung hat. Der Endpunkt meldet: „too long“",
  ],
  [
    "model_unreachable",
    "The model's endpoint cannot be reached: its host name is not known; check OPENAI_BASE_URL.",
    "Der Rechnername des Endpunkts ist nicht bekannt. Prüfen Sie OPENAI_BASE_URL.",
  ],
  [
    "model_rejected",
    "The model's endpoint refused the request (418): teapot; ask the endpoint's operator.",
    "Der Endpunkt des Modells hat die Anfrage abgelehnt. Fragen Sie seinen Betreiber. Der Endpunkt meldet: „teapot“",
  ],
  [
    "model_rejected",
    "The model's endpoint redirects to another address (308), which is not followed; OPENAI_BASE_URL should be https://new.test/v1.",
    "Der Endpunkt des Modells leitet auf eine andere Adresse weiter. OPENAI_BASE_URL sollte https://new.test/v1 sein.",
  ],
  [
    "model_rejected",
    "The model's endpoint redirects to another address (301), which is not followed: https://new.test/login; check OPENAI_BASE_URL.",
    "Der Endpunkt des Modells leitet auf eine andere Adresse weiter. Prüfen Sie OPENAI_BASE_URL.",
  ],
  [
    "model_rejected",
    "The model's endpoint asks for h2c in place of HTTP/1.1 (426 Upgrade Required); put a proxy that speaks HTTP/1.1 in front of it.",
    "Der Endpunkt des Modells verlangt ein anderes Protokoll (426). Prüfen Sie, ob OPENAI_BASE_URL mit https:// beginnen sollte, oder setzen Sie einen Proxy davor.",
  ],
  [
    "model_rejected",
    "The environment variable ALL_PROXY names a SOCKS proxy that this server cannot use; name one that begins with http://, or the model's host in NO_PROXY.",
    "Die Umgebungsvariable ALL_PROXY nennt keinen brauchbaren Proxy. Berichtigen Sie diese Variable.",
  ],
  [
    "model_rejected",
    "The proxy in https_proxy did not accept its user name and password (407); check https_proxy.",
    "Der Proxy in https_proxy hat Benutzernamen und Passwort nicht angenommen. Prüfen Sie diese Variable.",
  ],
  [
    "model_unreachable",
    "The proxy in HTTPS_PROXY cannot be reached: its host name is not known; check HTTPS_PROXY.",
    "Der Proxy in HTTPS_PROXY ist nicht erreichbar. Prüfen Sie diese Variable.",
  ],
  [
    "model_timeout",
    "The model's endpoint was silent for 60 seconds (MODEL_TIMEOUT_S).",
    "Das Modell schwieg zu lange. Versuchen Sie es noch einmal, oder erhöhen Sie MODEL_TIMEOUT_S.",
  ],
  [
    "model_rate_limited",
    "The model's endpoint takes no more requests now (429): Rate limit reached.",
    "Der Endpunkt des Modells nimmt gerade keine Anfragen mehr an. Versuchen Sie es in einer Minute noch einmal, oder wählen Sie ein anderes Modell. Der Endpunkt meldet: „Rate limit reached“",
  ],
  [
    "model_rejected",
    "OPENAI_API_KEY contains characters that no key has; correct it.",
    "OPENAI_API_KEY enthält Zeichen, die kein Schlüssel hat. Berichtigen Sie ihn.",
  ],
  [
    "model_rejected",
    "The model's endpoint withheld the answer: its content filter stopped it (SAFETY).",
    "Der Inhaltsfilter des Endpunkts hat die Antwort abgebrochen (SAFETY). Fragen Sie anders, oder wählen Sie ein anderes Modell.",
  ],
  [
    "model_interrupted",
    "The model reached its limit on length (max_tokens), so its answer is not complete.",
    "Das Modell hat seine Längengrenze erreicht (max_tokens); die Antwort ist nicht vollständig. Lassen Sie sie fortsetzen.",
  ],
  [
    "model_interrupted",
    "The model's endpoint ended the answer for an unknown reason (blue).",
    "Der Endpunkt des Modells hat die Antwort aus einem unbekannten Grund beendet (blue). Fragen Sie noch einmal, oder lassen Sie die Antwort fortsetzen.",
  ],
  [
    "model_unavailable",
    "The model's endpoint gave up before its answer was complete (abort).",
    "Der Endpunkt des Modells hat aufgegeben, bevor die Antwort vollständig war (abort). Versuchen Sie es noch einmal.",
  ],
  [
    "model_no_answer",
    "The model's answer was empty.",
    "Die Antwort des Modells war leer. Versuchen Sie es noch einmal, oder wählen Sie ein anderes Modell.",
  ],
  [
    "model_no_answer",
    "The model gave only its reasoning, and no answer.",
    "Das Modell gab nur seine Überlegungen und keine Antwort. Versuchen Sie es noch einmal, oder wählen Sie ein anderes Modell.",
  ],
  [
    "model_no_answer",
    "The model kept calling tools and did not answer.",
    "Das Modell rief immer wieder Werkzeuge auf und gab keine Antwort. Fragen Sie genauer, oder wählen Sie ein anderes Modell.",
  ],
  [
    "model_garbled",
    "The model's endpoint reported an error instead of an answer: out of memory.",
    "Der Endpunkt des Modells hat etwas Unlesbares geschickt. Versuchen Sie es noch einmal; bleibt der Fehler bestehen, prüfen Sie, ob OPENAI_BASE_URL ein OpenAI-kompatibler Endpunkt ist. Der Endpunkt meldet: „out of memory“",
  ],
];

test("the words by which an error's kind is recognised are the server's", () => {
  const said = sources.join("\n").replace(/"\n\s*f?"/g, "");
  const unsaid = KINDS.filter(([, form]) => !new RegExp(form.source.replace(/^\^|\$$/g, ""), "s").test(said));
  assert.deepEqual(unsaid, []);
});

test("a German message has cause, remedy and the endpoint's reason", () => {
  for (const [code, message, said] of GERMAN) assert.equal(inGerman({ code, message }), said);
  assert.equal(inGerman({ code: "quite_new", message: "Something new." }), "Something new.");
  assert.equal(inGerman({ code: "constructor", message: "Odd." }), "Odd.");
});

test("a German message has the wait that the endpoint asked for", () => {
  const error = { code: "model_rate_limited", message: "No: slow down; try again in 30 s.", reason: "slow down" };
  const said = inGerman({ ...error, retryAfter: 30 });
  assert.match(said, /Der Endpunkt meldet: „slow down“ .*30 Sekunden/);
  assert.doesNotMatch(inGerman({ ...error, retryAfter: null }), /30/);
});

test("an English message is the server's own, or a built-in one", () => {
  assert.equal(answerErrorText({ code: "model_rejected", message: "Its own words." }), "Its own words.");
  assert.equal(answerErrorText({ code: "not_kept", message: "" }), en.problem.byCode.not_kept.join(" "));
});

test("an unreachable server is distinguished from one that refuses", () => {
  for (const error of [new Unreachable("refused"), new ApiError(502, "", ""), new ApiError(504, "", "")]) {
    assert.equal(problemOf(error).unreachable, true);
  }
  for (const error of [new ApiError(503, "overloaded", "busy"), new ApiError(500, "", "")]) {
    assert.equal(problemOf(error).unreachable, false);
  }
});
