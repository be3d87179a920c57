// A button with data-copies="ID" copies the field with that id; the field selects itself when it gets the focus.
document.addEventListener("focusin", ({ target }) => {
  if (target.matches("input[readonly].code")) target.select();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  field.select();
  // Browsers offer the clipboard to pages that came over TLS only; for the others there is the older way.
  const copied = navigator.clipboard
    ? await navigator.clipboard.writeText(field.value).then(() => true, () => false)
    : document.execCommand("copy");
  button.lastChild.textContent = copied ? "Copied" : "Press Ctrl+C";
});
