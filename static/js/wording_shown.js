// Of the texts below a choice of wordings the chosen one is shown; what more is filled in is open.
const show = (form) => {
  const texts = form.querySelector("[data-wordings]");
  if (!texts) return;
  const { value } = form.elements.wording;
  for (const text of texts.querySelectorAll("[data-wording]")) text.hidden = text.dataset.wording !== value;
  texts.querySelector("summary").hidden = texts.open = Boolean(value);
  texts.hidden = !value;
};

const unfold = (form) => {
  for (const more of form.querySelectorAll("[data-more]"))
    more.open ||= [...more.querySelectorAll("input")].some((field) => field.value || field.matches("[aria-invalid]"));
};

document.addEventListener("change", ({ target }) => target.name === "wording" && show(target.form));
// Once drafts.js has filled the form.
document.addEventListener("dialog:open", ({ target }) => queueMicrotask(() => { show(target); unfold(target); }));
