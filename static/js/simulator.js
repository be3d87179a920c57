// The menu of the phone closes with what was chosen from it; the focus goes back to its button.
document.addEventListener("submit", ({ submitter }) => submitter?.closest(".acts")?.hidePopover());
