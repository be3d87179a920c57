// Polling stops in a hidden tab; the word in the top bar says whether this page is live.
const polls = (ctx) => ["live", "history"].includes(ctx?.sourceElement?.id);

const say = (live) => {
  const word = document.getElementById("live-word");
  if (!word) return;
  word.hidden = !document.querySelector("#live, #history");
  const words = live ? "Live" : "not live: reconnecting";
  if (word.textContent !== words) word.textContent = words;
  word.classList.toggle("lost", !live);
};

document.addEventListener("htmx:config:request", (event) => {
  if (polls(event.detail.ctx) && document.hidden) event.preventDefault();
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => polls(ctx) && say(ctx.response.status < 400));
document.addEventListener("htmx:error", ({ detail: { ctx } }) => polls(ctx) && say(false));
addEventListener("offline", () => say(false));
document.addEventListener("visibilitychange", () => {
  const live = document.getElementById("live");
  if (!document.hidden && live) htmx.trigger(live, "every", {}, false);
});
// The link to new customers is gone once they are shown: go on at the first of them.
document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => (ctx.showsNew = ctx.sourceElement?.id === "new-show"));
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.showsNew) document.querySelector(".customer")?.focus({ preventScroll: true });
  const word = document.getElementById("live-word");
  if (word?.hidden) say(true);
});
say(true);
