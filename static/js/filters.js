// The URL says what is filtered and no more; typing rewrites the last history entry instead of adding one per letter.
const searching = (ctx) => ctx?.sourceElement?.id === "filter-form" && ctx.sourceEvent?.type === "input";
let typing = false;
let typed = false;

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (!["filter-form", "per-page"].includes(ctx.sourceElement.id)) return;
  const { body } = ctx.request;
  for (const [name, value] of [...body]) if (!value) body.delete(name);
});

document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => (typed = searching(ctx)));

document.addEventListener("htmx:before:history:update", (event) => {
  const { history } = event.detail;
  if (history.path === location.pathname + location.search) event.preventDefault();
  else if (typed && typing) history.type = "replace";
});
document.addEventListener("htmx:after:history:update", () => (typing = typed));

// A control that was touched keeps its own state through a morph: make it what the answer says.
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id !== "results") return;
  for (const field of document.getElementById("filter-form").elements) {
    if (field.type === "checkbox" || field.type === "radio") field.checked = field.defaultChecked;
    if (field.type === "search" && field !== document.activeElement) field.value = field.defaultValue;
    for (const option of field.options ?? []) option.selected = option.defaultSelected;
  }
});
