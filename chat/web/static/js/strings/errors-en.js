// Error messages in English, for errors without a text of the server.

/** By error code: `[cause, remedy]`. A code may have further entries for an endpoint's HTTP status. */
export const errors = {
  answer_complete: ["This answer is complete.", "Ask something new, or for another answer."],
  bad_request: ["The server could not read the request.", "Reload the page and try again."],
  client_id_reused: ["This message has already been sent with other words.", "Reload the page and send it again."],
  database_unavailable: [
    "The server’s database does not answer.",
    "Try again in a moment; if the error stays, tell the server’s operator.",
  ],
  empty_message: ["There is nothing to send.", "Write something first."],
  forbidden: ["This is not allowed from here.", "Open the server’s own page and try again."],
  internal: ["Something went wrong in the server.", "Try again; if the error stays, tell the server’s operator."],
  invalid_cursor: ["The list has changed meanwhile.", "Reload the page."],
  invalid_parent: ["The message to which this belongs no longer exists.", "Reload the page."],
  invalid_value: ["The server does not accept this value.", "Change it and try again."],
  malformed_json: ["The server could not read the request.", "Reload the page and try again."],
  method_not_allowed: ["The server does not know this request.", "Reload the page: it may be older than the server."],
  model_error: ["The model’s endpoint failed.", "Try again."],
  model_garbled: [
    "What the model’s endpoint sent could not be read.",
    "Try again; if the error stays, check that OPENAI_BASE_URL is an OpenAI-compatible endpoint.",
  ],
  model_interrupted: ["The model stopped in the middle of its answer.", "Ask again, or continue the answer."],
  model_rate_limited: [
    "The model’s endpoint accepts no more requests now.",
    "Try again in a minute, or choose another model.",
  ],
  model_rejected: [
    "The model’s endpoint refused the request.",
    "Check that CHAT_MODEL names a chat model with room for the conversation.",
  ],
  model_rejected_304: [
    "The model’s endpoint says that its answer has not changed (304).",
    "Look for a cache in front of it.",
  ],
  model_rejected_400: [
    "The model’s endpoint refused the request.",
    "Check that CHAT_MODEL names a chat model with room for the conversation.",
  ],
  model_rejected_401: ["The model’s endpoint does not accept the key (401).", "Check OPENAI_API_KEY."],
  model_rejected_402: ["The model’s endpoint requires a payment (402).", "Check the account of OPENAI_API_KEY."],
  model_rejected_403: [
    "The model’s endpoint does not allow this (403).",
    "Check that OPENAI_API_KEY may use the model in CHAT_MODEL.",
  ],
  model_rejected_404: [
    "The model’s endpoint knows no such model or address (404).",
    "Check CHAT_MODEL and OPENAI_BASE_URL.",
  ],
  model_rejected_405: [
    "The model’s endpoint accepts no questions at this address (405).",
    "Check OPENAI_BASE_URL: it often ends in /v1.",
  ],
  model_rejected_407: [
    "A proxy in front of the model’s endpoint requires a password (407).",
    "Check the proxies in front of it.",
  ],
  model_rejected_410: [
    "The model’s endpoint no longer has this model or address (410).",
    "Check CHAT_MODEL and OPENAI_BASE_URL.",
  ],
  model_rejected_422: [
    "The model’s endpoint refused the request.",
    "Check that CHAT_MODEL names a chat model with room for the conversation.",
  ],
  model_rejected_451: ["The model’s endpoint does not answer for legal reasons (451).", "Ask its operator."],
  model_rejected_499: [
    "The model’s endpoint or a proxy gave up the request (499).",
    "Check the proxies in front of it.",
  ],
  model_rejected_certificates: [
    "The certificates of this server cannot be read.",
    "Check SSL_CERT_FILE and SSL_CERT_DIR.",
  ],
  model_rejected_key: ["OPENAI_API_KEY contains characters that no key has.", "Correct it."],
  model_rejected_moved: ["The model’s endpoint redirects to another address.", "OPENAI_BASE_URL should be {name}."],
  model_rejected_other: ["The model’s endpoint refused the request.", "Ask its operator."],
  model_rejected_proxy_password: ["The proxy in {name} did not accept its user name and password.", "Check it."],
  model_rejected_redirect: ["The model’s endpoint redirects to another address.", "Check OPENAI_BASE_URL."],
  model_rejected_upgrade: [
    "The model’s endpoint asks for another protocol (426).",
    "Check whether OPENAI_BASE_URL should begin with https://, or put a proxy in front of it.",
  ],
  model_rejected_variable: ["The environment variable {name} holds no proxy that can be used.", "Correct it."],
  model_timeout: ["The model was silent for too long.", "Try again, or raise MODEL_TIMEOUT_S."],
  model_unavailable: ["The model’s endpoint has an error.", "Try again in a moment."],
  model_unreachable: [
    "The model’s endpoint cannot be reached.",
    "Check that it runs, OPENAI_BASE_URL and the network.",
  ],
  not_an_answer: ["This cannot be done with a question.", "Choose an answer."],
  not_found: ["It no longer exists, or belongs to another browser.", "Reload the page."],
  not_kept: ["The answer could not be saved.", "Ask again; if the error stays, tell the server’s operator."],
  nothing_to_continue: ["This answer has no text.", "Ask for another answer."],
  nothing_to_share: ["There is nothing to share yet.", "Ask something first."],
  overloaded: ["The server has too much to do at the moment.", "Try again in a few seconds."],
  request_timeout: ["The request took too long to arrive.", "Try again."],
  restarting: ["The server is being restarted.", "Try again in a moment."],
  title_too_long: ["This title is too long.", "Shorten it."],
  too_large: ["This is too large for the server.", "Shorten it."],
  tool_failed: ["A tool found nothing.", "Ask in other words."],
  too_many_conversations: ["You have reached the limit of chats.", "Delete some, and try again."],
  too_many_followers: ["Too many windows follow this answer.", "Close some, and reload the page."],
  too_many_turns: ["You have reached the limit of running answers.", "Wait until one has ended, or stop one."],
  turn_interrupted: ["The server stopped in the middle of this answer.", "Ask again, or continue the answer."],
  turn_running: ["An answer is still being written in this chat.", "Wait for its end, or stop it."],
  turn_stopped: ["The answer was stopped.", "Ask again, or continue the answer."],
  turn_timeout: ["The answer took too long.", "Ask for less at once, or raise TURN_TIMEOUT_S."],
  unauthorized: ["You are not signed in.", "Sign in and try again."],
  unknown_model: ["This model is not offered any more.", "Choose another one."],
  unsupported_media_type: ["The server could not read the request.", "Reload the page and try again."],
  model_rejected_quota: [
    "The model’s endpoint says that the quota is used up.",
    "Check the account of OPENAI_API_KEY.",
  ],
  model_unreachable_certificate: [
    "The certificate of the model’s endpoint is not trusted.",
    "Check OPENAI_BASE_URL, or name its authority in SSL_CERT_FILE.",
  ],
  model_unreachable_host: ["The host name of the model’s endpoint is not known.", "Check OPENAI_BASE_URL."],
  model_unreachable_proxy: [
    "The proxy in {name} did not connect to the model’s endpoint.",
    "Check it, and whether it may connect to OPENAI_BASE_URL.",
  ],
  model_unreachable_proxy_lost: ["The proxy in {name} cannot be reached.", "Check it."],
  model_unreachable_refused: [
    "The model’s endpoint refuses connections.",
    "Check that it runs and that OPENAI_BASE_URL is right.",
  ],
  model_unreachable_silent: ["The model’s endpoint does not answer.", "Check OPENAI_BASE_URL and the network."],
  model_unreachable_tls: [
    "No TLS connection to the model’s endpoint could be made.",
    "Check whether OPENAI_BASE_URL should begin with http or https.",
  ],
  message_too_long: ["The message is too long.", "Shorten it."],

  http_error: ["The server cannot serve this request.", "Reload the page and try again."],
  length_required: ["The server could not read the request.", "Reload the page and try again."],

  instructions_too_long: ["These instructions are too long.", "Shorten them."],

  model_answer_too_long: [
    "The answer has reached the length limit.",
    "Ask for less at once, or raise MAX_ANSWER_CHARS.",
  ],
  model_no_answer: ["The model gave no answer.", "Try again, or choose another model."],
  model_rejected_filtered: [
    "The endpoint’s content filter stopped the answer ({name}).",
    "Ask in other words, or choose another model.",
  ],
  model_interrupted_limit: [
    "The model reached its limit on length ({name}), so its answer is not complete.",
    "Let it go on.",
  ],
  model_interrupted_ended: [
    "The model’s endpoint ended the answer for an unknown reason ({name}).",
    "Ask again, or let the answer go on.",
  ],
  model_unavailable_gave_up: ["The model’s endpoint gave up before its answer was complete ({name}).", "Try again."],
  model_no_answer_empty: ["The model’s answer was empty.", "Try again, or choose another model."],
  model_no_answer_reasoning: [
    "The model gave only its reasoning, and no answer.",
    "Try again, or choose another model.",
  ],
  model_no_answer_calls: [
    "The model kept calling tools and did not answer.",
    "Ask more precisely, or choose another model.",
  ],

  host_not_allowed: [
    "This server does not answer under this name.",
    "Open it by its own name, or add the name to ALLOWED_HOSTS.",
  ],
  expectation_failed: ["The server could not read the request.", "Reload the page and try again."],
  headers_too_large: ["The server could not read the request.", "Reload the page and try again."],
  not_implemented: ["The server could not read the request.", "Reload the page and try again."],

  question_too_long: ["The question is longer than this model takes.", "Shorten it, or choose another model."],
};
