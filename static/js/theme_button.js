// Theme: as system → light → dark, kept in this browser (theme.js applies it on the next page).
const NEXT = { "": "light", light: "dark", dark: "" };

const show = () => {
  const theme = document.documentElement.dataset.theme ?? "";
  const words = theme || "as system";
  for (const button of document.querySelectorAll("[data-theme-button]")) {
    const word = button.querySelector("[data-theme-word]");
    if (word) word.textContent = words;
    else button.ariaLabel = button.title = `Theme: ${words}`;
  }
};

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-button]")) return;
  const theme = NEXT[document.documentElement.dataset.theme ?? ""];
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  theme ? localStorage.setItem("theme", theme) : localStorage.removeItem("theme");
  show();
});

document.addEventListener("htmx:after:swap", ({ detail }) => detail.ctx.target === document.body && show());
show();
