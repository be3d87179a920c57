// The exact time of "2 min ago", on hover.
document.addEventListener("pointerover", ({ target }) => {
  if (target.matches("time:not([title])")) target.title = target.dateTime.replace("T", " ").replace("Z", " UTC");
});
