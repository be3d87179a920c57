// One key for each thing done often; off while typing, and for good by the menu behind the initials.
const off = () => localStorage.getItem("keys") === "off";
const rows = () => [...document.querySelectorAll("tr.customer, .review")];
const row = () => document.activeElement.closest(".customer, .state-bar, .review") ?? document.querySelector(".state-bar");
const press = (selector) => row()?.querySelector(selector)?.click();

const move = (step) => {
  const all = rows();
  const next = all[all.indexOf(row()) + step] ?? (row() ? null : all[0]);
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};

const ACTIONS = {
  "/": () => document.getElementById("search")?.select(),
  j: () => move(1),
  k: () => move(-1),
  o: () => press('[role=switch][aria-checked="false"], [data-key=o]'),
  i: () => press("[data-record], [data-key=i]"),
  n: () => press("[data-key=n]"),
  u: () => press("[data-key=u]"),
  e: () => press("[data-edit]"),
  z: () => document.dispatchEvent(new CustomEvent("undo:last")),
  "?": () => document.dispatchEvent(new CustomEvent("dialog:show", { detail: document.getElementById("keys") })),
};

const typing = (target) =>
  target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");

document.addEventListener("keydown", (event) => {
  const { ctrlKey, metaKey, altKey, repeat, target, key } = event;
  if (off() || ctrlKey || metaKey || altKey || event.isComposing || typing(target) || document.querySelector("dialog[open]")) return;
  if (!Object.hasOwn(ACTIONS, key) || (repeat && key !== "j" && key !== "k")) return;
  event.preventDefault();
  ACTIONS[key]();
});

const show = () => {
  const button = document.querySelector("[data-keys-button]");
  if (!button) return;
  button.ariaPressed = String(!off());
  button.querySelector("[data-keys-word]").textContent = off() ? "off" : "on";
};

document.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-keys-button]")) return;
  off() ? localStorage.removeItem("keys") : localStorage.setItem("keys", "off");
  show();
});
document.addEventListener("htmx:after:swap", ({ detail }) => detail.ctx.target === document.body && show());
show();
