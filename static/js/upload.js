// A form with a large file shows how far its upload is; without scripts the browser does so in its own way.
const words = (form, text) => {
  form.querySelector("[role=status]").textContent = text;
};

const show = (form, { loaded, total }) => {
  const percent = Math.floor((100 * loaded) / total);
  form.querySelector("progress").value = percent;
  const told = percent - (percent % 10);
  words(form, percent === 100 ? "Uploaded. Looking at the file…" : `Uploading: ${told} %`);
};

const ended = (form, request) => {
  const location = request.getResponseHeader("HX-Redirect");
  if (location) return window.location.assign(location);
  if (request.status === 422) {
    form.outerHTML = request.responseText;
    return document.getElementById("upload-file").focus();
  }
  form.querySelector("button").disabled = false;
  form.querySelector("progress").hidden = true;
  words(form, request.status ? request.responseText : "The connection broke off. Try again.");
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-upload]") || !form.elements.file.files.length) return;
  event.preventDefault();
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("HX-Request", "true");
  request.setRequestHeader("HX-Request-Type", "partial");
  request.setRequestHeader("HX-Current-URL", window.location.href);
  request.upload.addEventListener("progress", (progress) => show(form, progress));
  request.addEventListener("loadend", () => ended(form, request));
  request.send(new FormData(form));
  form.querySelector("button").disabled = true;
  form.querySelector("progress").hidden = false;
  form.querySelector(".upload-progress").hidden = false;
});
