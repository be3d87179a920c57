// In a chip field Enter, a comma or a pasted list adds, Backspace in the empty field removes; composing never submits.
const BREAKS = /[,;\n\t，、]/;
const isField = (element) => element.matches("[data-chips] input[type=text]");
const send = (field, name, detail) => field.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));

document.addEventListener("keydown", (event) => {
  const { target, key, isComposing, keyCode } = event;
  if (!isField(target) || isComposing || target.readOnly) return;
  if (key === "Backspace" && !target.value) send(target, "chips:take");
  if (key !== "Enter" && key !== ",") return;
  event.preventDefault();
  // Safari ends the composition before it tells of the key that ended it, and marks that key with 229.
  if (keyCode !== 229) send(target, "chips:add", target.value);
});

// Keyboards on glass tell of a comma only like this.
document.addEventListener("input", ({ target, isComposing }) => {
  if (isField(target) && !isComposing && BREAKS.test(target.value)) send(target, "chips:add", target.value);
});

document.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text").trim();
  if (!isField(event.target) || !BREAKS.test(text)) return;
  event.preventDefault();
  send(event.target, "chips:add", event.target.value + text);
});
