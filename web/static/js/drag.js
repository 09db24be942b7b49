// Rows and steps can be dragged by their grip, with a mouse, a pen or a finger. A drop presses the form's
// hidden button "move FROM TO": the same edit, answer and announcement as the buttons of the row's menu.
const FAR = 5; // pixels from which on a press is a drag
const EDGE = 60; // near the window's edge the page scrolls
const mark = document.createElement("div");
mark.id = "drop-mark";
mark.setAttribute("aria-hidden", "true");
let drag = null;

// A condition on a list's item stays in that list; steps stay among steps.
const scope = (place) => place.slice(0, place.lastIndexOf("/where") + 1) + place.slice(0, 5);
const rowsOf = (list) => [...list.children].filter((row) => row.dataset.place);
const contains = (box, y) => box.top <= y && y <= box.bottom;

// The innermost list under the hand, and before which of its rows one would drop.
function spot(y) {
  let found = null;
  for (const list of document.querySelectorAll("#builder [data-list]")) {
    if (drag.row.contains(list) || scope(`${list.dataset.list}/`) !== drag.scope) continue;
    if (!found || contains(list.getBoundingClientRect(), y)) found = list;
  }
  if (!found) return null;
  const rows = rowsOf(found);
  const middle = (row) => (row.getBoundingClientRect().top + row.getBoundingClientRect().bottom) / 2;
  const at = rows.findIndex((row) => y < middle(row));
  return { list: found, rows, at: at < 0 ? rows.length : at };
}

// Whether a drop there would leave everything as it is.
const stays = ({ rows, at }) => rows[at] === drag.row || rows[at - 1] === drag.row;

function show() {
  drag.spot = spot(drag.y);
  mark.hidden = !drag.spot || stays(drag.spot);
  if (mark.hidden) return;
  const { list, rows, at } = drag.spot;
  const box = list.getBoundingClientRect();
  const y = at < rows.length ? rows[at].getBoundingClientRect().top : rows.at(-1).getBoundingClientRect().bottom;
  Object.assign(mark.style, { left: `${box.left}px`, width: `${box.width}px`, top: `${y}px` });
}

function scroll() {
  if (!drag?.moves) return;
  const by = drag.y < EDGE ? drag.y - EDGE : Math.max(0, drag.y - innerHeight + EDGE);
  if (by) {
    scrollBy(0, by / 4);
    show();
  }
  requestAnimationFrame(scroll);
}

function begin() {
  drag.moves = true;
  drag.row.classList.add("dragged");
  document.body.append(mark);
  requestAnimationFrame(scroll);
}

function end(drops) {
  const { row, moves, spot: there, grip, pointer } = drag;
  grip.releasePointerCapture?.(pointer);
  row.classList.remove("dragged");
  mark.remove();
  const goes = drops && moves && there && !stays(there);
  drag = null;
  if (!goes) return;
  const button = document.getElementById("drop");
  button.value = `move ${row.dataset.place} ${there.list.dataset.list}/${there.at}`;
  button.click();
}

addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("#builder .grip");
  const row = grip?.closest("[data-place]");
  if (!row || drag || event.button !== 0 || document.getElementById("whole").disabled) return;
  event.preventDefault();
  grip.setPointerCapture(event.pointerId);
  drag = { row, grip, pointer: event.pointerId, from: event.clientY, y: event.clientY, scope: scope(row.dataset.place) };
});

addEventListener("pointermove", (event) => {
  if (event.pointerId !== drag?.pointer) return;
  drag.y = event.clientY;
  if (!drag.moves && Math.abs(drag.y - drag.from) >= FAR) begin();
  if (drag.moves) show();
});

addEventListener("pointerup", (event) => event.pointerId === drag?.pointer && end(true));
addEventListener("pointercancel", (event) => event.pointerId === drag?.pointer && end(false));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !drag) return;
  event.preventDefault();
  end(false);
});
// What an answer has drawn anew meanwhile is no longer the row that one holds.
addEventListener("htmx:before:swap", () => drag && end(false));
