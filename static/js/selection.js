// The rows that are chosen: as long as this page of the table shows them, whatever happens to them meanwhile.
const part = (id) => document.getElementById(id);
const boxes = () => [...document.querySelectorAll(".customer .c-select input")];
let pressed = null;

const show = () => {
  const page = part("select-page");
  if (!page) return;
  const [rows, n] = [boxes(), boxes().filter((box) => box.checked).length];
  const every = part("select-matching");
  const found = document.querySelector("#found b").textContent;
  every.checked &&= n === rows.length;
  page.checked = n === rows.length;
  page.indeterminate = n > 0 && n < rows.length;
  const words = every.checked ? `All ${found} that match are selected` : n ? `${n} selected` : "";
  if (part("selected").textContent !== words) part("selected").textContent = words;
  const more = part("select-all");
  if (more) Object.assign(more, { hidden: every.checked, textContent: `Select all ${found} that match` });
};

const choose = (wanted, some = boxes()) => some.forEach((box) => (box.checked = wanted));

const forget = () => {
  choose(false);
  pressed = null;
  show();
};

// The buttons of the bar are gone now; where its box is hidden, on phones, go back to the row that was pressed.
const clear = () => {
  const back = part(pressed);
  forget();
  for (const box of [back, part("select-page")]) box?.focus({ preventScroll: true });
};

const range = (box) => {
  const rows = boxes();
  const ends = [rows.indexOf(box), rows.indexOf(part(pressed))].sort((a, b) => a - b);
  if (ends[0] >= 0) choose(box.checked, rows.slice(ends[0], ends[1] + 1));
};

document.addEventListener("click", ({ target, shiftKey }) => {
  if (target.matches(".customer .c-select input")) {
    if (shiftKey) range(target);
    pressed = target.id;
    target.focus();
  } else if (target.id === "select-page") choose(target.checked);
  else if (target.id === "select-all") {
    choose(true);
    part("select-matching").checked = true;
    part("bulk-add-tags").focus();
  } else if (target.id !== "select-none") return;
  target.id === "select-none" ? clear() : show();
});

// A range of rows is no range of words.
document.addEventListener("mousedown", (event) => event.shiftKey && event.target.closest(".c-select") && event.preventDefault());
document.addEventListener("selection:done", clear);
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => (["results", ""].includes(ctx.target?.id) ? forget() : show()));
show();
