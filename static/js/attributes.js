// The edit dialog's attributes: "+" adds the chosen one's field, x takes a field away and offers it again.
const choice = () => document.getElementById("attribute-pick");

const offer = (key, offered) => {
  const option = choice().querySelector(`option[value="${key}"]`);
  option.hidden = option.disabled = !offered;
};

const add = () => {
  const key = choice().value;
  const template = document.querySelector(`template[data-attribute="${key}"]`);
  if (!template) return choice().focus();
  const row = template.content.firstElementChild.cloneNode(true);
  document.getElementById("attribute-rows").append(row);
  offer(key, false);
  choice().value = "";
  row.querySelector(".control :is(input, textarea)").focus();
};

const remove = (row) => {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  offer(row.dataset.key, true);
  row.remove();
  (next?.querySelector("[data-remove-attribute]") ?? choice()).focus();
};

document.addEventListener("click", (event) => {
  if (event.target.closest("#attribute-add")) (event.preventDefault(), add());
  const button = event.target.closest("[data-remove-attribute]");
  if (button) remove(button.closest(".attribute"));
});

// Choosing is adding for whoever presses Enter on the list.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target === choice()) (event.preventDefault(), add());
});
