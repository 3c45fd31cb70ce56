// Asks the browser's authenticator when a button says so, puts its answer into the form, and sends the form as always.
// Nothing is decided here: the server checks what was signed and says what became of it.

const problems = {
  NotAllowedError: "Nothing was signed: it was cancelled, took too long, or no passkey fits.",
  InvalidStateError: "This device has a passkey of yours already.",
  SecurityError: "The browser makes passkeys for another address of this server only.",
};

function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// --- WebAuthn section 5.1: between JSON and what the browser takes and gives.

function withBytes(options) {
  const list = (credentials) => credentials?.map((credential) => ({ ...credential, id: bytes(credential.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) read.allowCredentials = list(options.allowCredentials);
  if (options.excludeCredentials) read.excludeCredentials = list(options.excludeCredentials);
  return read;
}

function toJson(credential) {
  const { response } = credential;
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const members = names.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: { ...Object.fromEntries(members), transports: response.getTransports?.() ?? [] },
    clientExtensionResults: {},
  };
}

// --- One ceremony.

async function fetchOptions(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.headers.get("content-type")?.startsWith("application/json")) {
    throw new Error("You are signed out. Reload this page to sign in.");
  }
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.problem);
  return json;
}

async function ask(button) {
  const given = await fetchOptions(button.dataset.options);
  const publicKey = withBytes(given.options ?? given);
  const credential = button.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  const json = toJson(credential);
  return given.statement ? { statement: given.statement, seal: given.seal, credential: json } : json;
}

function whyNot(form) {
  const { origin } = form.dataset;
  if (origin && origin !== location.origin) return `Passkeys work at ${origin} only. Open this page there.`;
  return window.PublicKeyCredential ? "" : "This browser has no passkeys here.";
}

function show(form, problem) {
  const place = form.querySelector("[data-passkey-problem]");
  place.textContent = problem;
  place.hidden = problem === "";
}

async function onSubmit(event) {
  const [form, button] = [event.target, event.submitter];
  if (!button?.dataset.passkey) return;
  const field = form.elements.assertion ?? form.elements.credential;
  if (field.value) return;

  event.preventDefault();
  show(form, whyNot(form));
  if (whyNot(form)) return;
  form.dataset.busy = "signing";
  button.disabled = true;
  try {
    field.value = JSON.stringify(await ask(button));
    button.disabled = false;
    form.requestSubmit(button);
  } catch (error) {
    show(form, problems[error.name] ?? error.message);
  } finally {
    button.disabled = false;
    delete form.dataset.busy;
    // Sent or not: another press asks the authenticator again.
    setTimeout(() => (field.value = ""));
  }
}

document.addEventListener("submit", onSubmit);
