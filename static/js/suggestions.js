// Suggestions below a chip field: known names that match, best first, and "New tag" for what is not known where one can be made.
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase().trim();
const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
const open = (list) => [...list.children].filter((option) => !option.hidden);

const mark = (input, option) => {
  for (const other of listOf(input).children) other.ariaSelected = String(other === option);
  option ? input.setAttribute("aria-activedescendant", option.id) : input.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
};

const suggest = (input) => {
  const list = listOf(input);
  const typed = fold(input.value);
  const taken = new Set([...input.parentElement.querySelectorAll("[type=hidden]")].map((field) => fold(field.value)));
  let exact = taken.has(typed);
  let shown = 0;
  for (const option of list.querySelectorAll("[data-name]")) {
    const name = fold(option.dataset.name);
    option.hidden = !typed || taken.has(name) || !name.includes(typed) || shown >= 6;
    option.classList.toggle("first", name.startsWith(typed));
    exact ||= name === typed;
    if (!option.hidden) shown += 1;
  }
  const fresh = list.querySelector("[data-new]");
  if (fresh) {
    fresh.hidden = !typed || exact;
    fresh.querySelector("b").textContent = input.value.trim();
  }
  list.hidden = !open(list).length;
  input.ariaExpanded = String(!list.hidden);
  mark(input, open(list).find((option) => fold(option.dataset.name ?? "") === typed) ?? open(list).find((option) => option.matches(".first")) ?? open(list)[0]);
};

const take = (input, option) => (input.value = option?.dataset.name ?? input.value);

document.addEventListener("input", ({ target }) => target.matches("[role=combobox]") && suggest(target));
document.addEventListener("chips:changed", ({ target }) => target.querySelector("[role=combobox]:focus") && suggest(target.querySelector("[role=combobox]")));

document.addEventListener("keydown", (event) => {
  const input = event.target;
  if (!input.matches("[role=combobox]") || event.isComposing || listOf(input).hidden) return;
  const options = open(listOf(input));
  const now = options.findIndex((option) => option.ariaSelected === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) (event.preventDefault(), mark(input, options.at((now + step) % options.length)));
  if (event.key === "Enter") take(input, options[now]);
  if (event.key === "Escape") (event.preventDefault(), (listOf(input).hidden = true), (input.ariaExpanded = "false"));
}, true);

document.addEventListener("mousedown", (event) => {
  const option = event.target.closest?.("[role=option]");
  if (!option) return;
  event.preventDefault();
  const input = document.querySelector(`[aria-controls="${option.parentElement.id}"]`);
  mark(input, option);
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
});
