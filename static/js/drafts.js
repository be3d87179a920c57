// A form with data-draft keeps what was typed when its dialog closes unsaved; in memory only, these are personal words.
const drafts = new Map();
const fields = (form) => [...form.elements].filter((field) => field.name && !["hidden", "file"].includes(field.type));

document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (form?.dataset.draft) drafts.set(form.dataset.draft, fields(form).map((field) => [field.name, field.value]));
});

document.addEventListener("dialog:open", ({ target: form, detail }) => {
  if (detail.again) return;
  for (const [name, value] of drafts.get(form.dataset.draft) ?? []) form.elements[name].value = value;
});

document.addEventListener("dialog:done", () => {
  drafts.delete(document.querySelector("#dialog [data-draft]")?.dataset.draft);
});
