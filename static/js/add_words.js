// A button with data-add-words puts its list into the chip field that data-to names.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-add-words]");
  if (!button) return;
  const field = document.getElementById(button.dataset.to);
  field.dispatchEvent(new CustomEvent("chips:add", { bubbles: true, detail: button.dataset.addWords }));
  field.scrollIntoView({ block: "nearest" });
});
