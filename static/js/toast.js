// The server's event "toast" {message, undo_url, event, target, bad}: shown until its CSS animation ends, which
// waits while hovered or focused. "z" undoes the last one even when it is gone.
let last = null;

const show = (detail) => {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  const form = toast.querySelector("form");
  toast.querySelector("p").textContent = detail.message;
  toast.classList.toggle("bad", Boolean(detail.bad));
  if (detail.undo_url) {
    toast.classList.add("undoable");
    form.setAttribute("hx-post", detail.undo_url);
    form.setAttribute("hx-target", detail.target);
    form.elements.event.value = detail.event;
    form.dataset.row = detail.target;
  } else form.remove();
  document.getElementById("toasts").replaceChildren(toast);
  htmx.process(toast);
  return toast;
};

document.addEventListener("toast", ({ detail }) => {
  last = detail.undo_url ? detail : detail.bad ? last : null;
  show(detail);
});

document.addEventListener("undo:last", () => {
  const form = document.querySelector("#toasts form") ?? (last && show(last).querySelector("form"));
  form?.requestSubmit();
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const form = ctx.sourceElement;
  if (!form.matches?.("#toasts form") || ctx.response.status >= 400) return;
  if (form.contains(document.activeElement)) document.querySelector(`${form.dataset.row} [role=switch]`)?.focus();
  form.closest(".toast").remove();
});

document.addEventListener("animationend", ({ target }) => target.matches(".toast") && target.remove());
