// Ticks in a list: one box for all on the page, Shift for a stretch, and how many are ticked, in words.
const form = () => document.getElementById("choose");
const boxes = () => [...(form()?.elements ?? [])].filter((each) => each.name === "id");
let last = null;

const tell = () => {
  const all = boxes(), chosen = all.filter((each) => each.checked).length;
  const page = document.querySelector("[data-all]"), fit = document.getElementById("c-fit");
  if (page) {
    page.name = ""; // each box speaks for itself
    page.checked = chosen > 0 && chosen === all.length;
    page.indeterminate = chosen > 0 && !page.checked;
  }
  const said = fit?.checked ? "All that fit" : chosen ? `${chosen} ticked` : "";
  const line = form()?.querySelector("output");
  if (line && line.textContent !== said) line.textContent = said;
};

document.addEventListener("click", (event) => {
  const box = event.target;
  if (box.type !== "checkbox" || box.form !== form()) return;
  const all = boxes();
  if ("all" in box.dataset) for (const each of all) each.checked = box.checked;
  if (box.name === "id") {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) for (const each of all.slice(from, to + 1)) each.checked = box.checked;
    last = box;
  }
  tell();
});
addEventListener("htmx:after:swap", tell);
addEventListener("pageshow", tell);
tell();
