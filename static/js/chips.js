// A text field whose words are chips: "chips:add" and "chips:take" change them, x removes, a duplicate flashes.
const BREAKS = /[,;\n\t，、]+/;
const same = (word) => word.normalize("NFKC").toLocaleLowerCase().trim();
const boxOf = (element) => element.closest("[data-chips]");
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

const put = (box, words) => {
  for (const word of words) {
    const twin = chips(box).find((chip) => same(chip.textContent) === same(word));
    if (twin) twin.animate([{ background: "var(--amber-soft)", color: "var(--amber)", offset: 0.6 }], 900);
    else field(box).before(chipOf(box, word));
  }
  field(box).value = "";
  changed(box);
};

const wordsOf = (box, text) => {
  const words = text.split(BREAKS).map((word) => word.trim()).filter(Boolean);
  return "upper" in box.dataset ? words.map((word) => word.toUpperCase()) : words;
};

const remove = (box, chip) => {
  chip?.remove();
  field(box).focus();
  changed(box);
};

const changed = (box) => box.dispatchEvent(new Event("chips:changed", { bubbles: true }));

// What came with the page is whole words, even where one holds a comma.
const start = (box) => put(box, JSON.parse(box.dataset.words).filter(Boolean));

document.addEventListener("dialog:open", ({ target }) => target.querySelectorAll("[data-chips]").forEach(start));
document.addEventListener("chips:add", ({ target, detail }) => put(boxOf(target), wordsOf(boxOf(target), detail)));
document.addEventListener("chips:take", ({ target }) => remove(boxOf(target), chips(boxOf(target)).at(-1)));

document.addEventListener("click", ({ target }) => {
  const box = boxOf(target);
  if (box && target.closest(".x")) remove(box, target.closest(".chip"));
  else if (target === box) field(box).focus();
});

// Over a slow line this comes after the dialog that asked for it.
document.querySelectorAll("dialog[open] [data-chips], .dialog-page [data-chips], .step [data-chips], .lab [data-chips]").forEach(start);
