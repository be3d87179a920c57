// The switch of a row flips at once, makes one request however it is pressed, and turns back when that fails.
const opting = (form) => form?.matches?.("[data-opt-out]") && form.querySelector("[role=switch]");

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const control = opting(ctx.sourceElement);
  if (!control) return;
  control.ariaChecked = "true";
  control.ariaBusy = "true";
});

document.addEventListener("request:failed", ({ target, detail }) => {
  const control = opting(target);
  if (!control) return;
  control.ariaChecked = "false";
  control.ariaBusy = null;
  const words = target.nextElementSibling;
  words.querySelector(".failed")?.remove();
  const line = Object.assign(document.createElement("span"), { className: "sub failed" });
  line.setAttribute("role", "alert");
  line.textContent = `${detail.sentence} The switch is back where it was.`;
  words.append(line);
});

// After the first press the row may already hold the switch that opens a dialog: the rest of a double click is not for it.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest?.("[role=switch]")) event.preventDefault();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.repeat && event.key === "Enter" && event.target.matches("[role=switch]")) event.preventDefault();
}, true);
