// "+n" of a row: the list opens beside it, by click and by keyboard focus.
document.addEventListener("beforetoggle", ({ target, newState }) => {
  if (newState !== "open" || !target.matches(".popup")) return;
  const { left, top, bottom } = document.querySelector(`[popovertarget="${target.id}"]`).getBoundingClientRect();
  const upwards = bottom > innerHeight * 0.7;
  target.style.left = `${Math.max(8, Math.min(left, innerWidth - 336))}px`;
  target.style.top = upwards ? "auto" : `${bottom + 4}px`;
  target.style.bottom = upwards ? `${innerHeight - top + 4}px` : "auto";
}, true);

const popup = (button) => button.matches?.(".more[popovertarget]") && document.getElementById(button.getAttribute("popovertarget"));

document.addEventListener("focusin", ({ target }) => {
  if (target.matches(":focus-visible")) popup(target)?.showPopover?.();
});

document.addEventListener("focusout", ({ target }) => popup(target)?.hidePopover?.());

// A place in the page that scrolls away takes its list with it.
document.addEventListener("scroll", () => document.querySelector(".popup:popover-open")?.hidePopover(), true);
