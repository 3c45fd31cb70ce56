// Keeps the open page current. Everything works without it: it only fetches again what the server renders, and never
// sends a decision. Markup is parsed by the browser's own document loader, so Trusted Types need no exception.

const main = document.getElementById("main");
const announcement = document.getElementById("announcement");

const fetchPauseMs = 400;
const retryMs = 5000;
const clockMs = 1000;
const findPauseMs = 150;

let stream = null;
let fetching = false;
let fetchAgain = false;
let retryTimer = 0;
let findTimer = 0;
let taken = main?.dataset.fragment;

// --- Relative times: the same words as the server's.

function amount(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

function relative(at, now) {
  const text = amount(Math.abs(at - now) / 1000);
  return at > now ? `in ${text}` : `${text} ago`;
}

function updateTimes() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const text = relative(Date.parse(time.dateTime), now);
    if (time.textContent !== text) time.textContent = text;
  }
}

// --- The state of the connection, in words.

function showLive(state, text) {
  const mark = document.querySelector("[data-live]");
  if (!mark) return;
  mark.dataset.live = state;
  mark.querySelector("[data-live-text]").textContent = text;
}

function signedOut() {
  stop();
  showLive("off", "Signed out: reload to sign in");
}

// --- Fragments.

function load(url) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("The server cannot be reached."));
    request.send();
  });
}

function reviewIds(root) {
  return new Set([...root.querySelectorAll("[data-review]")].map((item) => item.dataset.review));
}

function announceNew(before, after) {
  const count = [...after].filter((id) => !before.has(id)).length;
  if (count === 1) announcement.textContent = "One new review is waiting.";
  if (count > 1) announcement.textContent = `${count} new reviews are waiting.`;
}

// A form that is being signed is left alone: one that is taken away meanwhile is never sent.
const atWork = "[data-busy]";

// What a person opened and typed goes along into the part that takes the place of theirs, where it still has the form.
function takeAlong(present, fresh) {
  const opened = present.querySelectorAll("details");
  fresh.querySelectorAll("details").forEach((details, index) => {
    if (opened[index]?.className === details.className) details.open = opened[index].open;
  });
  for (const field of fresh.querySelectorAll("textarea[id], input[id]")) {
    const typed = present.querySelector(`#${CSS.escape(field.id)}`);
    if (typed && typed.value !== typed.defaultValue) field.value = typed.value;
  }
}

function replacePart(present, fresh) {
  const field = present.contains(document.activeElement) ? document.activeElement : null;
  const { selectionStart: start, selectionEnd: end } = field ?? {};
  present.replaceWith(fresh);
  const place = field?.id ? document.getElementById(field.id) : null;
  place?.focus();
  if (typeof start === "number") place?.setSelectionRange(start, end);
}

// Times in the fresh part are brought to the same words first, so that only a real difference replaces a part.
function replaceParts(fresh) {
  const focused = document.activeElement?.closest("a[href]")?.getAttribute("href");
  const rows = () => [...main.querySelectorAll(".rows a")];
  const place = rows().indexOf(document.activeElement);
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const present = main.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    if (!present || present.querySelector(atWork)) continue;
    const next = document.importNode(part, true);
    takeAlong(present, next);
    if (!present.isEqualNode(next)) replacePart(present, next);
  }
  if (focused && document.activeElement === document.body) {
    // A row that is gone leaves its place to the one that stands there now: the keyboard stays in the list.
    const there = rows()[Math.min(place, rows().length - 1)];
    (main.querySelector(`a[href="${CSS.escape(focused)}"]`) ?? there)?.focus();
  }
}

function withTimes(fresh) {
  const now = Date.now();
  for (const time of fresh.querySelectorAll("time[data-relative]")) {
    time.textContent = relative(Date.parse(time.getAttribute("datetime")), now);
  }
  return fresh;
}

function take(fresh) {
  const card = document.getElementById("card");
  const digest = fresh.getElementById("card")?.dataset.digest;
  if (card && digest !== card.dataset.digest) {
    // Another revision never slips under a reader's cursor: they are told, and ask for it themselves.
    document.getElementById("changed").hidden = false;
    return;
  }
  const before = reviewIds(main);
  updateTimes();
  replaceParts(withTimes(fresh));
  // What another filter brings up is not new.
  if (taken === main.dataset.fragment) announceNew(before, reviewIds(main));
  taken = main.dataset.fragment;
}

async function refresh() {
  if (fetching) {
    fetchAgain = true;
    return;
  }
  fetching = true;
  try {
    const request = await load(main.dataset.fragment);
    if (request.status === 401) signedOut();
    else if (request.status === 200 && request.response) take(request.response);
  } catch {
    showLive("waiting", "Reconnecting…");
  }
  // Many changes at once are one fetch: the pause gathers them.
  setTimeout(() => {
    fetching = false;
    if (fetchAgain) {
      fetchAgain = false;
      refresh();
    }
  }, fetchPauseMs);
}

// --- The filter. The rows here are one page of the list, and the server filters all of it.

function find(text) {
  const address = new URL(main.dataset.fragment, location.href);
  for (const name of ["find", "after", "others"]) address.searchParams.delete(name);
  if (text !== "") address.searchParams.set("find", text);
  main.dataset.fragment = address.pathname + address.search;
  refresh();
}

document.querySelector("[data-filter]")?.addEventListener("input", (event) => {
  clearTimeout(findTimer);
  findTimer = setTimeout(find, findPauseMs, event.target.value.trim());
});

// --- The stream. A hidden page holds none, because browsers allow few connections per server.

function start() {
  if (stream || document.hidden) return;
  stream = new EventSource(main.dataset.events);
  stream.addEventListener("open", () => showLive("on", "Live"));
  stream.addEventListener("change", refresh);
  stream.addEventListener("over", signedOut);
  stream.addEventListener("error", () => {
    showLive("waiting", "Reconnecting…");
    if (stream?.readyState === EventSource.CLOSED) {
      // The server refused: signed out, or too many streams. The fragment's answer tells which.
      stop();
      refresh();
      retryTimer = setTimeout(start, retryMs);
    }
  });
}

function stop() {
  clearTimeout(retryTimer);
  stream?.close();
  stream = null;
}

if (main.dataset.events) {
  start();
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  addEventListener("pagehide", stop);
}

updateTimes();
setInterval(updateTimes, clockMs);
