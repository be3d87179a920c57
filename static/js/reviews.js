// The reviews by keyboard: the first card has the focus, and the next one when a card leaves. News never move it.
const cards = () => [...document.querySelectorAll(".review")];
let focused = null;
let place = 0;

const go = (card) => {
  card?.focus({ preventScroll: true });
  card?.scrollIntoView({ block: "nearest" });
};

document.addEventListener("focusin", ({ target }) => {
  const card = target.closest(".review");
  focused = card && target;
  if (card) place = cards().indexOf(card);
});

document.addEventListener("pointerdown", ({ target }) => {
  if (!target.closest(".review")) focused = null;
});

document.addEventListener("htmx:after:swap", () => {
  if (!focused || focused.isConnected || document.activeElement !== document.body) return;
  go(cards()[place] ?? cards().at(-1) ?? document.querySelector("#reviews-more, #reviews-title"));
});

// What was undone waits again, and is the next to decide.
document.addEventListener("review:again", ({ detail }) => go(document.getElementById(detail.id)));

// A decision that needs words opens its field; Esc leaves it. At once, because the next letter typed is for the
// field: the browser's own event comes late, and meanwhile that letter would decide.
document.addEventListener("click", (event) => {
  const words = event.target.closest(".with-words > summary")?.parentElement;
  if (!words) return;
  event.preventDefault();
  words.open = !words.open;
  if (words.open) words.querySelector("input[name=note]").focus();
});

document.addEventListener("keydown", (event) => {
  const words = event.key === "Escape" && event.target.closest(".with-words[open]");
  if (!words) return;
  words.open = false;
  go(words.closest(".review"));
});

go(cards()[0]);
