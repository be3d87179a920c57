// The answer to "add" or "remove" names the field to go on in (data-focus); the answer to anything else does not.
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const box = ctx.target?.id && document.getElementById(ctx.target.id);
  if (!box?.dataset.focus) return;
  document.getElementById(box.dataset.focus)?.focus();
  delete box.dataset.focus;
});
