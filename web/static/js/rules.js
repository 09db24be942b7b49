// A mode is set by choosing it; the button beside it is for browsers without script.
const tidy = () => {
  for (const button of document.querySelectorAll(".modeform .set")) button.hidden = true;
};
addEventListener("htmx:after:swap", () => {
  tidy();
  for (const box of document.querySelectorAll(".modeform [type=radio]")) box.checked = box.defaultChecked;
});
tidy();
