// A request that failed is never silent: a sentence in the row, in the dialog's foot, or as a toast.
const said = ({ request, response, text }) => {
  const asks = request.method === "GET";
  if (!response) return `Could not ${asks ? "load" : "save"}: you are offline.`;
  const plain = response.status === 401 ? "You are signed out." : response.headers.get("Content-Type")?.startsWith("text/plain") && text;
  return `${asks ? "" : "Not saved. "}${plain || "The desk did not answer; try again in a moment."}`;
};

const tell = (source, sentence) => {
  source.dispatchEvent(new CustomEvent("request:failed", { bubbles: true, detail: { sentence } }));
  const foot = source.closest("#dialog")?.querySelector(".dialog-foot");
  if (!foot) {
    const row = source.matches("[data-opt-out]");
    if (!row) document.dispatchEvent(new CustomEvent("toast", { detail: { message: sentence, bad: true } }));
    return;
  }
  const line = Object.assign(document.createElement("p"), { className: "error failed", textContent: sentence });
  line.setAttribute("role", "alert");
  foot.querySelector(".failed")?.remove();
  foot.prepend(line);
};

const polls = (source) => source.id === "live" || source.id === "history";

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  ctx.sourceElement.closest?.("#dialog")?.querySelector(".dialog-foot .failed")?.remove();
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx && !ctx.response && !polls(ctx.sourceElement)) tell(ctx.sourceElement, said(ctx));
});

// What an element wants swapped (hx-status) says itself what is wrong.
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  const shown = ctx.swap !== "none" && ctx.status === "swapped";
  if (ctx.response?.status >= 400 && !shown && !polls(ctx.sourceElement)) tell(ctx.sourceElement, said(ctx));
});

// Signed out in the meantime, or in again: no jump to the sign-in page, which would lose what was typed.
document.addEventListener("htmx:before:response", async ({ detail: { ctx } }) => {
  const { status } = ctx.response;
  if (status !== 400 && status !== 401) return;
  delete ctx.hx.redirect;
  (await import(document.body.dataset.session)).refused(status);
});
