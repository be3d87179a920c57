// A file that is larger than its field takes is told before it travels.
document.addEventListener("change", ({ target }) => {
  if (!target.dataset.mostBytes) return;
  const large = target.files[0]?.size > Number(target.dataset.mostBytes);
  if (large) target.value = "";
  target.closest(".field").querySelector("[data-too-large]").hidden = !large;
});
