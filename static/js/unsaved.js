// A dialog with data-ask asks once, in its foot, before it closes with changes.
// The token of the page, and what is only tried, are no changes.
const typed = (form) => {
  const fields = new FormData(form);
  for (const name of ["csrf_token", "message"]) fields.delete(name);
  return new URLSearchParams(fields).toString();
};
// Over a slow line this comes after the dialog that asked for it.
const open = document.querySelector("dialog[open] form");
let before = open ? typed(open) : "";

const question = () => {
  const line = document.createElement("div");
  line.className = "discard";
  line.setAttribute("role", "alert");
  line.append("Discard changes?");
  for (const [id, words] of [["discard-keep", "Keep editing"], ["discard-now", "Discard"]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", id, textContent: words });
    button.className = id === "discard-now" ? "button danger" : "button";
    line.append(button);
  }
  return line;
};

document.addEventListener("dialog:open", ({ target, detail }) => {
  // Once the other listeners have made the form what it is.
  if (!detail.again && target.matches("form")) queueMicrotask(() => (before = typed(target)));
});

document.addEventListener("cancel", (event) => {
  const form = event.target.querySelector?.("form[data-ask]");
  const foot = form?.querySelector(".dialog-foot");
  if (!form || foot.querySelector(".discard") || typed(form) === before) return;
  event.preventDefault();
  foot.append(question());
  foot.querySelector("#discard-keep").focus();
}, true);

document.addEventListener("click", ({ target }) => {
  if (target.id === "discard-keep") {
    const form = target.closest("form");
    target.parentElement.remove();
    form.querySelector(".dialog-main :is(input, textarea):not([type=hidden])")?.focus();
  }
  if (target.id === "discard-now") document.getElementById("dialog").close();
});
