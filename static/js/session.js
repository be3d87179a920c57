// Named by the page, fetched when an answer is 401 or 400: the page stays as it is, says so, and goes on after signing in elsewhere.
let out = false;

const say = () => {
  if (out) return;
  out = true;
  const line = Object.assign(document.createElement("p"), { id: "signed-out", className: "banner warning" });
  line.setAttribute("role", "alert");
  const link = Object.assign(document.createElement("a"), { href: "/sign-in", target: "_blank", id: "sign-in-again" });
  link.textContent = "Sign in in a new tab";
  line.append("You are signed out. Nothing that you typed is lost. ", link, " and come back.");
  const dialog = document.querySelector("dialog[open] .dialog-main");
  dialog ? dialog.prepend(line) : document.querySelector(".top").after(line);
};

// A new session has a new CSRF token: take it over from a freshly fetched page, if that is one of somebody signed in.
export const takeOver = (html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  if (!page.getElementById("sign-out")) return false;
  const token = page.body.getAttribute("hx-headers:inherited");
  document.body.setAttribute("hx-headers:inherited", token);
  for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = JSON.parse(token)["X-CSRFToken"];
  return true;
};

const renew = async () => {
  const answer = await fetch(location.href);
  return !answer.redirected && takeOver(await answer.text());
};

const resume = async () => {
  if (!out || document.hidden || !(await renew())) return;
  document.getElementById("signed-out")?.remove();
  out = false;
};

document.addEventListener("visibilitychange", resume);
addEventListener("focus", resume);
export const refused = (status) => (status === 401 ? say() : renew());
