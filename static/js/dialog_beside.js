// A dialog with data-beside stands below the thing that it is about, or above where there is no room, whatever its size becomes.
const place = (dialog, beside) => {
  const { left, top, bottom } = beside.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = dialog;
  const above = bottom + 12 + height > innerHeight && top > height + 12;
  const y = above ? top - height - 10 : Math.max(12, Math.min(bottom + 10, innerHeight - height - 12));
  const x = Math.max(12, Math.min(left + 44, innerWidth - width - 12));
  dialog.style.setProperty("--x", `${x}px`);
  dialog.style.setProperty("--y", `${y}px`);
  dialog.classList.toggle("above", above);
};

let grown = new ResizeObserver(() => {});

document.addEventListener("dialog:open", ({ target: root, detail }) => {
  grown.disconnect();
  if (!root.dataset.beside || matchMedia("(max-width: 760px)").matches) return;
  const dialog = root.closest("dialog");
  const around = () => document.querySelector(`${root.dataset.beside} .consent`) ?? detail.opener;
  place(dialog, around());
  grown = new ResizeObserver(() => dialog.open && place(dialog, around()));
  grown.observe(dialog);
});
