// A time that is typed means "At a time", "Now" takes it away again, and the button says which of the two it does.
const launch = () => document.querySelector("#launch");
const at = () => document.querySelector("#at");
const later = () => document.querySelector("#when-later");
let typed = "";

const name = () => {
  const words = launch()?.querySelector("span");
  if (words) words.textContent = later().checked ? launch().dataset.later : launch().dataset.now;
};

document.addEventListener("input", ({ target }) => {
  if (target.id !== "at") return;
  if (target.value) later().checked = true;
  name();
});

document.addEventListener("change", ({ target }) => {
  if (target.id === "when-now") {
    typed = at().value || typed;
    at().value = "";
  }
  if (target.id === "when-later" && !at().value) at().value = typed;
  if (target.name === "when") name();
});

// Browsers restore the fields on Back, and the words of the button not.
addEventListener("pageshow", name);
