// Opens #dialog when content lands in it, closes it on "dialog:done", and gives the focus back.
const box = () => document.getElementById("dialog");
let opener = null;

// A dialog brings the style and behaviour that it needs; style stays in the head, a module runs once anyway.
// Its load event may be over before anybody listens: no dialog waits longer than a second.
const loaded = (part) => {
  if (part.rel && [...document.styleSheets].some((sheet) => sheet.ownerNode !== part && sheet.href === part.href)) return part.remove();
  if (part.rel) document.head.append(part);
  return new Promise((done) => setTimeout((part.onload = part.onerror = done), 1000));
};

const open = async (root, again) => {
  const dialog = box();
  if (!again) opener = document.activeElement;
  await Promise.all([...root.querySelectorAll("link, script")].map(loaded));
  if (!root.isConnected) return;
  dialog.className = root.dataset.beside ? "beside" : (root.dataset.size ?? "");
  if (!dialog.open) dialog.showModal();
  root.dispatchEvent(new CustomEvent("dialog:open", { bubbles: true, detail: { again, opener } }));
  const first = ["[aria-invalid=true]", "[autofocus]", ".dialog-main :is(input, select, textarea):not([type=hidden], :disabled)", "[data-close]"];
  first.map((selector) => root.querySelector(selector)).find(Boolean)?.focus();
};

const close = () => box().open && box().close();

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const root = box()?.querySelector(".dialog");
  const into = ctx.target?.id ?? ctx.target?.slice(1); // an answer that names its target itself names it in words
  if (into !== "dialog-body" || !root || root.dataset.shown) return;
  root.dataset.shown = "1";
  open(root, box().open);
});

document.addEventListener("dialog:show", ({ detail: template }) => {
  box().firstElementChild.replaceChildren(template.content.cloneNode(true));
  open(box().querySelector(".dialog"));
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
