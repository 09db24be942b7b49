// The rule builder works as a plain form; with script it redraws as one types, and here it learns
// where the caret was, which group one works in, and not to redraw while a button is answered.
const form = () => document.getElementById("builder");
let busy = false;
let saves = false; // whether the last press was Save
let hand = {}; // where the hand was last; written into the form only when a button is pressed

addEventListener("focusout", (event) => {
  const box = event.target.closest?.("#builder [data-template]");
  if (box) Object.assign(hand, { message: box.name, hand: box.selectionStart ?? "" });
});

addEventListener("focusin", (event) => {
  const row = event.target.closest?.("#builder .cond");
  const group = row?.closest(".cond.group") ?? (row && form());
  const kind = group?.querySelector("select[name$=':group']");
  if (kind) hand.into = kind.name.replace(/:group$/, "");
});

addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  busy = true;
  saves = event.submitter?.id === "save";
  for (const [name, value] of Object.entries(hand)) form().elements[name].value = value;
}, true);

// Alt and an arrow moves the row one works in, as its menu does; in a box the keys keep their own meaning.
addEventListener("keydown", (event) => {
  const row = event.altKey && !event.target.matches("input, textarea") && event.target.closest?.("#builder .cond");
  const button = row && row.querySelector(`:scope > .menu [data-key="${event.key}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// A name has no lines, however many it takes.
addEventListener("keydown", (event) => event.key === "Enter" && event.target.id === "name" && event.preventDefault());

// A field, or a list, that is chosen by keys counts once one goes on: arrows and letters pass over the others.
const pick = (event) => event.target.closest?.("#builder select:is([name$=':field'], [name$=':list'], [name$=':pick'])");
let passing = null;

function chosen() {
  const box = passing;
  passing = null;
  if (box?.value) box.dispatchEvent(new Event("change", { bubbles: true }));
}

addEventListener("keydown", (event) => {
  const box = pick(event);
  if (!box) return;
  passing = box;
  if (event.key !== "Enter") return;
  event.preventDefault();
  chosen();
}, true);
for (const kind of ["input", "change"]) {
  addEventListener(kind, (event) => passing && passing === pick(event) && event.stopImmediatePropagation(), true);
}
addEventListener("focusout", (event) => event.target === passing && chosen());
addEventListener("pointerdown", () => { passing = null; }, true);

// Where an answer says what to go on with, the hand goes there; after a Save to the first wrong box.
function goOn() {
  const next = form()?.querySelector(saves ? "[aria-invalid=true]" : "[autofocus]");
  if (!next) return;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

// While a button is held down nothing is redrawn: it would move from under the pointer, and the press would be lost.
let pressing = false;
let owed = false; // a redraw is, once the button is let go

addEventListener("pointerdown", (event) => {
  const held = event.target.closest?.("#builder :is(button, summary, label, a, select)");
  pressing = Boolean(held) && !held.matches("select"); // a list that opens may keep its release to itself
});
for (const kind of ["pointerup", "pointercancel"]) {
  addEventListener(kind, () => setTimeout(() => {
    const late = owed && !busy;
    pressing = owed = false;
    if (late) form()?.dispatchEvent(new Event("change"));
  }));
}

// A press of a button outruns a redraw that is still to come: only the press is answered.
addEventListener("htmx:config:request", (event) => {
  if (event.target.id !== "look" || !(busy || pressing)) return;
  event.preventDefault();
  owed = pressing;
});
addEventListener("htmx:before:response", (event) => {
  if (event.target.id !== "look" || !pressing) return;
  event.preventDefault();
  owed = true;
});
addEventListener("htmx:finally:request", (event) => {
  if (event.target === form()) busy = false;
});

// An answer without the form, such as "not signed in" or a broken line, must not take the draft away.
addEventListener("htmx:before:response", (event) => {
  const status = event.detail.ctx.response.status;
  if (!event.target.closest?.("#builder") || status < 400 || status === 409 || status === 422) return;
  event.preventDefault();
  document.getElementById("line").textContent = `This was not taken (${status}). Your draft is still here: try again, or copy it and load the page anew.`;
});

addEventListener("htmx:after:swap", () => {
  if (busy || document.activeElement === document.body) goOn();
  saves = false;
  if (busy) hand = {}; // the answer knows where the caret is now
  busy = false;
  // Morphing sets attributes; what somebody has chosen by hand only follows its property.
  for (const box of form()?.querySelectorAll("select[name^='/']") ?? []) {
    const drawn = [...box.options].find((option) => option.defaultSelected) ?? box.options[0];
    if (drawn && !drawn.selected) drawn.selected = true;
  }
  for (const box of form()?.querySelectorAll("input:is([type=checkbox], [type=radio])") ?? []) {
    box.checked = box.defaultChecked;
  }
});
