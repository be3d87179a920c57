// What a dialog was opened from may be gone once its work is done: the focus goes on beside it, not at the top of the page.
let near = [];

const controls = (part) => [...(part?.querySelectorAll("a[id], button[id]") ?? [])];

// The same control of the next row or of the one before, any of that list, what the page adds with, the page.
const beside = (control) => {
  const row = control.closest("tr, li");
  const place = controls(row).indexOf(control);
  const twins = [row?.nextElementSibling, row?.previousElementSibling].map((other) => controls(other)[place]?.id);
  const list = (row ?? control).parentElement.closest("[id]")?.id;
  return [...twins.filter(Boolean).map((id) => `#${id}`), list && `#${list} :is(a, button)`, ".page-head .primary", "#main"].filter(Boolean);
};

const goOn = () => {
  if (!near.length || document.activeElement !== document.body || document.querySelector("dialog[open]")) return;
  near.map((selector) => document.querySelector(selector)).find(Boolean)?.focus();
  near = [];
};

document.addEventListener("dialog:open", ({ detail: { again, opener } }) => {
  if (!again) near = opener.matches("[id]") ? beside(opener) : [];
});

document.addEventListener("htmx:after:swap", goOn);
document.addEventListener("close", goOn, true);
for (const act of ["keydown", "pointerdown"])
  document.addEventListener(act, ({ target }) => target.closest?.("dialog") ?? (near = []), true);
