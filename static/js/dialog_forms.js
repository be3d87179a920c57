// Forms of a dialog are sent by htmx alone, even before it has seen a fresh one; a field that tries something sends nothing.
document.addEventListener("submit", (event) => {
  if (event.target.closest("#dialog")) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("#dialog [data-tries]")) event.preventDefault();
}, true);
