// Single keys: they move the focus and open pages, and never decide. They can be switched off (WCAG 2.1.4).

const storageKey = "countersign-keys";
const dialog = document.getElementById("keys");
const toggle = document.getElementById("keys-on");
const filter = document.querySelector("[data-filter]");

const isOn = () => localStorage.getItem(storageKey) !== "off";

function visible(selector) {
  return [...document.querySelectorAll(selector)].filter((element) => element.offsetParent !== null);
}

function move(step) {
  const rows = visible("main .rows a");
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
  rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
}

function goTo(key) {
  visible(`[data-key="${CSS.escape(key)}"]`)[0]?.focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  a: () => goTo("a"),
  d: () => goTo("d"),
  m: () => goTo("m"),
  "/": () => goTo("/"),
  "?": () => dialog?.showModal(),
};

function isTyping(element) {
  return element.isContentEditable || element.matches("input:not([type=checkbox]), textarea, select");
}

document.addEventListener("keydown", (event) => {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
  if (event.key === "Escape" && event.target === filter) filter.blur();
  if (!isPlain || !isOn() || dialog?.open || isTyping(event.target) || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});

for (const button of document.querySelectorAll("[data-opens]")) {
  button.hidden = false;
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}

if (toggle) {
  toggle.checked = isOn();
  toggle.addEventListener("change", () => localStorage.setItem(storageKey, toggle.checked ? "on" : "off"));
}

// --- The filter of a list. The list may be replaced at any time, and is filtered again then.

function applyFilter() {
  const wanted = filter.value.trim().toLowerCase();
  for (const item of document.querySelectorAll("main [data-review]")) {
    const isHidden = wanted !== "" && !item.textContent.toLowerCase().includes(wanted);
    if (item.hidden !== isHidden) item.hidden = isHidden;
  }
}

if (filter) {
  filter.addEventListener("input", applyFilter);
  new MutationObserver(applyFilter).observe(document.getElementById("main"), { childList: true, subtree: true });
}
