// The many small forms of rows share their htmx attributes here: each row stays light, and works without scripts too.
// data-dialog: its page opens in the dialog. data-opt-out: the switch, answered by the fresh row.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const opens = "dialog" in form.dataset;
  if ((!opens && !("optOut" in form.dataset)) || form.closest("[hx-ignore]")) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const answered = opens
    ? htmx.ajax("GET", form.action, { source: form, event, target: "#dialog-body", swap: "innerHTML" })
    : htmx.ajax("POST", form.action, { source: form, event });
  answered.finally(() => delete form.dataset.busy);
});
