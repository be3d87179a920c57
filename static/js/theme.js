// Loaded before the first paint: a stored choice of theme beats the system's.
const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;
