// Opens #dialog when content lands in it, closes it on "dialog:done", and gives the focus back.
const box = () => document.getElementById("dialog");
let opener = null;

const place = (root) => {
  const beside = document.querySelector(root.dataset.beside)?.querySelector(".consent") ?? opener;
  const narrow = matchMedia("(max-width: 760px)").matches;
  if (!beside || narrow) return;
  const { left, top, bottom } = beside.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box();
  const above = bottom + 12 + height > innerHeight && top > height + 12;
  const y = above ? top - height - 10 : Math.min(bottom + 10, innerHeight - height - 12);
  const x = Math.max(12, Math.min(left + 44, innerWidth - width - 12));
  box().style.setProperty("--x", `${x}px`);
  box().style.setProperty("--y", `${y}px`);
  box().classList.toggle("above", above);
};

// A dialog brings the style and the behaviours that only it needs; a module runs once however often it is named.
const loaded = (part) => part.sheet || new Promise((done) => (part.onload = part.onerror = done));

const open = async (root, again) => {
  const dialog = box();
  if (!again) opener = document.activeElement;
  await Promise.all([...root.querySelectorAll("link, script")].map(loaded));
  if (!root.isConnected) return;
  dialog.className = root.dataset.beside ? "beside" : (root.dataset.size ?? "");
  if (!dialog.open) dialog.showModal();
  if (root.dataset.beside) place(root);
  root.dispatchEvent(new CustomEvent("dialog:open", { bubbles: true, detail: { again } }));
  const field = "[aria-invalid=true], [autofocus], .dialog-main :is(input, select, textarea):not([type=hidden], :disabled)";
  (root.querySelector("[aria-invalid=true]") ?? root.querySelector("[autofocus]") ?? root.querySelector(field))?.focus();
};

const close = () => box().open && box().close();

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const root = box()?.querySelector(".dialog");
  if (ctx.target?.id !== "dialog-body" || !root || root.dataset.shown) return;
  root.dataset.shown = "1";
  open(root, box().open);
});

document.addEventListener("dialog:done", close);

document.addEventListener("click", (event) => {
  const asks = event.target.closest("#dialog [data-close]");
  if (asks && box().dispatchEvent(new Event("cancel", { cancelable: true }))) close();
});

// "close" does not bubble: hear it on its way down.
document.addEventListener("close", (event) => {
  if (event.target !== box()) return;
  const wanted = box().querySelector("[data-return]")?.dataset.return;
  box().firstElementChild.replaceChildren();
  const back = opener?.isConnected ? opener : (document.getElementById(opener?.id) ?? document.querySelector(wanted));
  back?.focus();
}, true);
