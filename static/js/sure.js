// A form of a page is sent once somebody is known to be signed in and the desk is in reach: the page that would come
// instead has nothing of what was typed. An action without fields of its own loses nothing, and goes at once.
const own = document.getElementById("menu-accounts-own");
let sure = null;

const lost = (message) => document.dispatchEvent(new CustomEvent("toast", { detail: { message, bad: true } }));

const ask = async (form, submitter) => {
  const { refused, takeOver } = await import(document.body.dataset.session);
  const answer = await fetch(own.href, { headers: { "HX-Request": "true" } });
  if (answer.status === 401) return refused(401);
  if (answer.status >= 500) return lost("Not saved. The desk did not answer; try again in a moment.");
  takeOver(await answer.text()); // they may have signed in again in another tab
  sure = form;
  form.requestSubmit(submitter);
  sure = null;
};

const holdsWork = (form) => form.method === "post" && form.querySelector("input:not([type=hidden]), textarea");

addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form === sure || !own || !holdsWork(form)) return;
  event.preventDefault();
  ask(form, event.submitter).catch(() => lost("Could not save: you are offline."));
});
