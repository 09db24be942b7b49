// The rule builder works as a plain form; with script it redraws as one types, and here it learns
// three things: where the caret was, which group one works in, and not to redraw while saving.
const form = () => document.getElementById("builder");
let busy = false;

addEventListener("focusout", (event) => {
  const box = event.target.closest?.("#builder [data-template]");
  if (!box) return;
  form().elements.message.value = box.name;
  form().elements.caret.value = box.selectionStart ?? "";
});

addEventListener("focusin", (event) => {
  const row = event.target.closest?.("#builder .cond");
  const group = row?.closest(".cond.group") ?? null;
  const kind = (group ?? (row && form()))?.querySelector("select[name$=':group']");
  if (kind) form().elements.into.value = kind.name.replace(/:group$/, "");
});

// A press of a button outruns a redraw that is still to come: only the press is answered.
addEventListener("submit", (event) => {
  if (event.target === form()) busy = true;
});
addEventListener("htmx:config:request", (event) => {
  if (busy && event.target.id === "look") event.preventDefault();
});
addEventListener("htmx:finally:request", (event) => {
  if (event.target === form() || event.target.id !== "look") busy = false;
});

// Morphing sets attributes; what somebody has chosen by hand only follows its property.
addEventListener("htmx:after:swap", () => {
  busy = false;
  for (const box of form()?.querySelectorAll("select[name^='/']") ?? []) {
    const drawn = [...box.options].find((option) => option.defaultSelected) ?? box.options[0];
    if (drawn && !drawn.selected) drawn.selected = true;
  }
  for (const box of form()?.querySelectorAll("input:is([type=checkbox], [type=radio])") ?? []) {
    box.checked = box.defaultChecked;
  }
});
