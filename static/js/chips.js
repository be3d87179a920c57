// A text field whose words become chips: Enter, comma or a pasted list adds, x and Backspace remove, duplicates flash.
const BREAKS = /[,;\n\t，、]+/;
const same = (word) => word.normalize("NFKC").toLocaleLowerCase().trim();
const chips = (box) => [...box.querySelectorAll(".chip")];
const field = (box) => box.querySelector("input[type=text]");
let number = 0;

const chipOf = (box, word) => {
  const chip = box.querySelector("template").content.firstElementChild.cloneNode(true);
  const remove = chip.querySelector("button");
  const hue = box.parentElement.querySelector(`[data-name="${CSS.escape(word)}"]`)?.dataset.hue;
  if (hue) chip.classList.add(hue);
  chip.querySelector("span").textContent = chip.querySelector("input").value = word;
  if (remove) Object.assign(remove, { id: `chip-${++number}`, ariaLabel: `Remove ${word}` });
  return chip;
};

const add = (box, text) => {
  for (const part of text.split(BREAKS)) {
    const word = "upper" in box.dataset ? part.trim().toUpperCase() : part.trim();
    const twin = chips(box).find((chip) => same(chip.textContent) === same(word));
    if (twin) twin.animate([{ background: "var(--amber-soft)", color: "var(--amber)", offset: 0.6 }], 900);
    else if (word) field(box).before(chipOf(box, word));
  }
  field(box).value = "";
  changed(box);
};

const changed = (box) => {
  field(box).dispatchEvent(new Event("chips:typed", { bubbles: true }));
  box.dispatchEvent(new Event("chips:changed", { bubbles: true }));
};

const remove = (box, chip) => (chip?.remove(), field(box).focus(), changed(box));

document.addEventListener("dialog:open", ({ target }) => {
  for (const box of target.querySelectorAll("[data-chips]")) add(box, field(box).value);
});

document.addEventListener("keydown", (event) => {
  const box = event.target.closest("[data-chips]");
  if (!box || event.target !== field(box) || event.isComposing || event.target.readOnly) return;
  const composed = event.keyCode === 229; // Safari ends the composition before it tells of the key
  if (event.key === "Enter" || event.key === ",") event.preventDefault();
  if ((event.key === "Enter" || event.key === ",") && !composed) add(box, event.target.value);
  if (event.key === "Backspace" && !event.target.value) remove(box, chips(box).at(-1));
});

document.addEventListener("input", ({ target, isComposing }) => {
  const box = target.closest("[data-chips]");
  if (box && !isComposing && BREAKS.test(target.value)) add(box, target.value);
});

document.addEventListener("paste", (event) => {
  const box = event.target.closest("[data-chips]");
  const text = event.clipboardData.getData("text");
  if (!box || !BREAKS.test(text.trim())) return;
  event.preventDefault();
  add(box, field(box).value + text);
});

document.addEventListener("click", ({ target }) => {
  const box = target.closest("[data-chips]");
  if (box && target.closest(".x")) remove(box, target.closest(".chip"));
  else if (box && target === box) field(box).focus();
});

document.addEventListener("chips:add", ({ target, detail }) => add(target.closest("[data-chips]"), detail));

for (const box of document.querySelectorAll(".dialog-page [data-chips]")) add(box, field(box).value);
