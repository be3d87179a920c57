// The URL says what is filtered and no more (the server answers with the address that it is to be).
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (!["filter-form", "per-page"].includes(ctx.sourceElement.id)) return;
  const { body } = ctx.request;
  for (const [name, value] of [...body]) if (!value) body.delete(name);
});

// A control that was touched keeps its own state through a morph: make it what the answer says.
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id !== "results") return;
  if (ctx.sourceElement.closest(".views")) document.getElementById("filters-drawer").hidePopover();
  for (const field of document.getElementById("filter-form").elements) {
    if (field.type === "checkbox" || field.type === "radio") field.checked = field.defaultChecked;
    if (field.type === "search" && field !== document.activeElement) field.value = field.defaultValue;
    for (const option of field.options ?? []) option.selected = option.defaultSelected;
  }
});
