// Error messages in German: cause and remedy.

/** By error code: `[cause, remedy]`. A code may have further entries for an endpoint's HTTP status. */
export const errors = {
  answer_complete: ["Diese Antwort ist vollständig.", "Fragen Sie etwas Neues, oder lassen Sie noch einmal antworten."],
  bad_request: [
    "Der Server konnte die Anfrage nicht lesen.",
    "Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  ],
  client_id_reused: [
    "Diese Nachricht wurde schon mit anderen Worten gesendet.",
    "Laden Sie die Seite neu und senden Sie sie noch einmal.",
  ],
  database_unavailable: [
    "Die Datenbank des Servers antwortet nicht.",
    "Versuchen Sie es gleich noch einmal; bleibt der Fehler bestehen, melden Sie ihn dem Betreiber.",
  ],
  empty_message: ["Es gibt nichts zu senden.", "Schreiben Sie zuerst etwas."],
  forbidden: [
    "Das ist von hier aus nicht erlaubt.",
    "Öffnen Sie die Seite dieses Servers und versuchen Sie es noch einmal.",
  ],
  internal: [
    "Im Server trat ein Fehler auf.",
    "Versuchen Sie es noch einmal; bleibt der Fehler bestehen, melden Sie ihn dem Betreiber.",
  ],
  invalid_cursor: ["Die Liste hat sich inzwischen geändert.", "Laden Sie die Seite neu."],
  invalid_parent: ["Die Nachricht, zu der dies gehört, gibt es nicht mehr.", "Laden Sie die Seite neu."],
  invalid_value: ["Diesen Wert nimmt der Server nicht an.", "Ändern Sie ihn und versuchen Sie es noch einmal."],
  malformed_json: [
    "Der Server konnte die Anfrage nicht lesen.",
    "Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  ],
  method_not_allowed: [
    "Der Server kennt diese Anfrage nicht.",
    "Laden Sie die Seite neu: Sie ist vielleicht älter als der Server.",
  ],
  model_error: ["Am Endpunkt des Modells trat ein Fehler auf.", "Versuchen Sie es noch einmal."],
  model_garbled: [
    "Der Endpunkt des Modells hat etwas Unlesbares geschickt.",
    "Versuchen Sie es noch einmal; bleibt der Fehler bestehen, prüfen Sie, ob OPENAI_BASE_URL ein OpenAI-kompatibler Endpunkt ist.",
  ],
  model_interrupted: [
    "Das Modell brach mitten in der Antwort ab.",
    "Fragen Sie noch einmal, oder lassen Sie die Antwort fortsetzen.",
  ],
  model_rate_limited: [
    "Der Endpunkt des Modells nimmt gerade keine Anfragen mehr an.",
    "Versuchen Sie es in einer Minute noch einmal, oder wählen Sie ein anderes Modell.",
  ],
  model_rejected: [
    "Der Endpunkt des Modells hat die Anfrage abgelehnt.",
    "Prüfen Sie, ob CHAT_MODEL ein Chat-Modell nennt, das Platz für die Unterhaltung hat.",
  ],
  model_rejected_304: [
    "Laut dem Endpunkt des Modells ist seine Antwort unverändert (304).",
    "Suchen Sie nach einem Zwischenspeicher davor.",
  ],
  model_rejected_400: [
    "Der Endpunkt des Modells hat die Anfrage abgelehnt.",
    "Prüfen Sie, ob CHAT_MODEL ein Chat-Modell nennt, das Platz für die Unterhaltung hat.",
  ],
  model_rejected_401: ["Der Endpunkt des Modells nimmt den Schlüssel nicht an (401).", "Prüfen Sie OPENAI_API_KEY."],
  model_rejected_402: [
    "Der Endpunkt des Modells verlangt eine Zahlung (402).",
    "Prüfen Sie das Konto zu OPENAI_API_KEY.",
  ],
  model_rejected_403: [
    "Der Endpunkt des Modells erlaubt das nicht (403).",
    "Prüfen Sie, ob OPENAI_API_KEY das Modell in CHAT_MODEL benutzen darf.",
  ],
  model_rejected_404: [
    "Der Endpunkt kennt dieses Modell oder diese Adresse nicht (404).",
    "Prüfen Sie CHAT_MODEL und OPENAI_BASE_URL.",
  ],
  model_rejected_405: [
    "Der Endpunkt nimmt unter dieser Adresse keine Fragen an (405).",
    "Prüfen Sie OPENAI_BASE_URL: Sie endet oft auf /v1.",
  ],
  model_rejected_407: [
    "Ein Proxy vor dem Endpunkt des Modells verlangt ein Passwort (407).",
    "Prüfen Sie die Proxys davor.",
  ],
  model_rejected_410: [
    "Der Endpunkt hat dieses Modell oder diese Adresse nicht mehr (410).",
    "Prüfen Sie CHAT_MODEL und OPENAI_BASE_URL.",
  ],
  model_rejected_422: [
    "Der Endpunkt des Modells hat die Anfrage abgelehnt.",
    "Prüfen Sie, ob CHAT_MODEL ein Chat-Modell nennt, das Platz für die Unterhaltung hat.",
  ],
  model_rejected_451: [
    "Der Endpunkt des Modells antwortet aus rechtlichen Gründen nicht (451).",
    "Fragen Sie seinen Betreiber.",
  ],
  model_rejected_499: [
    "Der Endpunkt des Modells oder ein Proxy hat die Anfrage aufgegeben (499).",
    "Prüfen Sie die Proxys davor.",
  ],
  model_rejected_certificates: [
    "Die Zertifikate dieses Servers sind nicht lesbar.",
    "Prüfen Sie SSL_CERT_FILE und SSL_CERT_DIR.",
  ],
  model_rejected_key: ["OPENAI_API_KEY enthält Zeichen, die kein Schlüssel hat.", "Berichtigen Sie ihn."],
  model_rejected_moved: [
    "Der Endpunkt des Modells leitet auf eine andere Adresse weiter.",
    "OPENAI_BASE_URL sollte {name} sein.",
  ],
  model_rejected_other: ["Der Endpunkt des Modells hat die Anfrage abgelehnt.", "Fragen Sie seinen Betreiber."],
  model_rejected_proxy_password: [
    "Der Proxy in {name} hat Benutzernamen und Passwort nicht angenommen.",
    "Prüfen Sie diese Variable.",
  ],
  model_rejected_redirect: [
    "Der Endpunkt des Modells leitet auf eine andere Adresse weiter.",
    "Prüfen Sie OPENAI_BASE_URL.",
  ],
  model_rejected_upgrade: [
    "Der Endpunkt des Modells verlangt ein anderes Protokoll (426).",
    "Prüfen Sie, ob OPENAI_BASE_URL mit https:// beginnen sollte, oder setzen Sie einen Proxy davor.",
  ],
  model_rejected_variable: [
    "Die Umgebungsvariable {name} nennt keinen brauchbaren Proxy.",
    "Berichtigen Sie diese Variable.",
  ],
  model_timeout: ["Das Modell schwieg zu lange.", "Versuchen Sie es noch einmal, oder erhöhen Sie MODEL_TIMEOUT_S."],
  model_unavailable: ["Der Endpunkt des Modells ist gestört.", "Versuchen Sie es gleich noch einmal."],
  model_unreachable: [
    "Der Endpunkt des Modells ist nicht erreichbar.",
    "Prüfen Sie, ob er läuft, sowie OPENAI_BASE_URL und das Netz.",
  ],
  not_an_answer: ["Mit einer Frage geht das nicht.", "Wählen Sie eine Antwort."],
  not_found: ["Das gibt es hier nicht mehr, oder es gehört zu einem anderen Browser.", "Laden Sie die Seite neu."],
  not_kept: [
    "Die Antwort konnte nicht gespeichert werden.",
    "Fragen Sie noch einmal; bleibt der Fehler bestehen, melden Sie ihn dem Betreiber.",
  ],
  nothing_to_continue: ["Diese Antwort hat keinen Text.", "Lassen Sie noch einmal antworten."],
  nothing_to_share: ["Es gibt noch nichts zu teilen.", "Fragen Sie zuerst etwas."],
  overloaded: ["Der Server hat gerade zu viel zu tun.", "Versuchen Sie es in ein paar Sekunden noch einmal."],
  request_timeout: ["Die Anfrage brauchte zu lange.", "Versuchen Sie es noch einmal."],
  restarting: ["Der Server startet gerade neu.", "Versuchen Sie es gleich noch einmal."],
  title_too_long: ["Dieser Titel ist zu lang.", "Kürzen Sie ihn."],
  too_large: ["Das ist zu groß für den Server.", "Kürzen Sie es."],
  tool_failed: ["Ein Werkzeug fand nichts.", "Fragen Sie mit anderen Worten."],
  too_many_conversations: [
    "Sie haben die Höchstzahl an Chats erreicht.",
    "Löschen Sie einige, und versuchen Sie es noch einmal.",
  ],
  too_many_followers: ["Zu viele Fenster folgen dieser Antwort.", "Schließen Sie einige, und laden Sie die Seite neu."],
  too_many_turns: [
    "Sie haben die Höchstzahl gleichzeitiger Antworten erreicht.",
    "Warten Sie auf das Ende einer Antwort, oder stoppen Sie eine.",
  ],
  turn_interrupted: [
    "Der Server wurde während dieser Antwort beendet.",
    "Fragen Sie noch einmal, oder lassen Sie die Antwort fortsetzen.",
  ],
  turn_running: ["In diesem Chat entsteht noch eine Antwort.", "Warten Sie auf ihr Ende, oder stoppen Sie sie."],
  turn_stopped: ["Die Antwort wurde gestoppt.", "Fragen Sie noch einmal, oder lassen Sie die Antwort fortsetzen."],
  turn_timeout: [
    "Die Antwort dauerte zu lange.",
    "Fragen Sie nach weniger auf einmal, oder erhöhen Sie TURN_TIMEOUT_S.",
  ],
  unauthorized: ["Sie sind nicht angemeldet.", "Melden Sie sich an und versuchen Sie es noch einmal."],
  unknown_model: ["Dieses Modell wird nicht mehr angeboten.", "Wählen Sie ein anderes."],
  unsupported_media_type: [
    "Der Server konnte die Anfrage nicht lesen.",
    "Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  ],
  model_rejected_quota: [
    "Laut dem Endpunkt des Modells ist das Guthaben verbraucht.",
    "Prüfen Sie das Konto zu OPENAI_API_KEY.",
  ],
  model_unreachable_certificate: [
    "Dem Zertifikat des Endpunkts wird nicht vertraut.",
    "Prüfen Sie OPENAI_BASE_URL, oder nennen Sie seine Zertifizierungsstelle in SSL_CERT_FILE.",
  ],
  model_unreachable_host: ["Der Rechnername des Endpunkts ist nicht bekannt.", "Prüfen Sie OPENAI_BASE_URL."],
  model_unreachable_proxy: [
    "Der Proxy in {name} hat keine Verbindung zum Endpunkt des Modells hergestellt.",
    "Prüfen Sie diese Variable, und ob er OPENAI_BASE_URL erreichen darf.",
  ],
  model_unreachable_proxy_lost: ["Der Proxy in {name} ist nicht erreichbar.", "Prüfen Sie diese Variable."],
  model_unreachable_refused: [
    "Der Endpunkt des Modells lehnt Verbindungen ab.",
    "Prüfen Sie, ob er läuft und ob OPENAI_BASE_URL stimmt.",
  ],
  model_unreachable_silent: ["Der Endpunkt des Modells antwortet nicht.", "Prüfen Sie OPENAI_BASE_URL und das Netz."],
  model_unreachable_tls: [
    "Es kam keine TLS-Verbindung zum Endpunkt zustande.",
    "Prüfen Sie, ob OPENAI_BASE_URL mit http oder https beginnen muss.",
  ],
  message_too_long: ["Die Nachricht ist zu lang.", "Kürzen Sie sie."],

  http_error: [
    "Der Server kann diese Anfrage nicht bedienen.",
    "Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  ],
  length_required: [
    "Der Server konnte die Anfrage nicht lesen.",
    "Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  ],

  instructions_too_long: ["Diese Anweisungen sind zu lang.", "Kürzen Sie sie."],

  model_answer_too_long: [
    "Die Antwort hat die Längengrenze erreicht.",
    "Fragen Sie nach weniger auf einmal, oder erhöhen Sie MAX_ANSWER_CHARS.",
  ],
  model_no_answer: [
    "Das Modell hat keine Antwort gegeben.",
    "Versuchen Sie es noch einmal, oder wählen Sie ein anderes Modell.",
  ],
  model_rejected_filtered: [
    "Der Inhaltsfilter des Endpunkts hat die Antwort abgebrochen ({name}).",
    "Fragen Sie anders, oder wählen Sie ein anderes Modell.",
  ],
  model_interrupted_limit: [
    "Das Modell hat seine Längengrenze erreicht ({name}); die Antwort ist nicht vollständig.",
    "Lassen Sie sie fortsetzen.",
  ],
  model_interrupted_ended: [
    "Der Endpunkt des Modells hat die Antwort aus einem unbekannten Grund beendet ({name}).",
    "Fragen Sie noch einmal, oder lassen Sie die Antwort fortsetzen.",
  ],
  model_unavailable_gave_up: [
    "Der Endpunkt des Modells hat aufgegeben, bevor die Antwort vollständig war ({name}).",
    "Versuchen Sie es noch einmal.",
  ],
  model_no_answer_empty: [
    "Die Antwort des Modells war leer.",
    "Versuchen Sie es noch einmal, oder wählen Sie ein anderes Modell.",
  ],
  model_no_answer_reasoning: [
    "Das Modell gab nur seine Überlegungen und keine Antwort.",
    "Versuchen Sie es noch einmal, oder wählen Sie ein anderes Modell.",
  ],
  model_no_answer_calls: [
    "Das Modell rief immer wieder Werkzeuge auf und gab keine Antwort.",
    "Fragen Sie genauer, oder wählen Sie ein anderes Modell.",
  ],

  host_not_allowed: [
    "Unter diesem Namen antwortet dieser Server nicht.",
    "Öffnen Sie ihn unter seinem eigenen Namen, oder tragen Sie den Namen in ALLOWED_HOSTS ein.",
  ],
  expectation_failed: [
    "Der Server konnte die Anfrage nicht lesen.",
    "Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  ],
  headers_too_large: [
    "Der Server konnte die Anfrage nicht lesen.",
    "Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  ],
  not_implemented: [
    "Der Server konnte die Anfrage nicht lesen.",
    "Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  ],

  question_too_long: [
    "Die Frage ist länger, als dieses Modell annimmt.",
    "Kürzen Sie sie, oder wählen Sie ein anderes Modell.",
  ],
};
