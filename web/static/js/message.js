// A message is a real text box; here a layer behind it marks the fields in the text, and a field that
// stands there by name is deleted as a whole.
const PIECE = /\[([^[\]\n]{1,80})\]|\{\{[^]*?\}\}|\{%[^]*?%\}/g;

class MessageBox extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", () => this.draw());
    this.addEventListener("keydown", (event) => this.takeWhole(event));
    this.box.addEventListener("scroll", () => this.follow());
    this.draw();
  }

  get box() { return this.querySelector("textarea"); }

  get words() {
    const kept = document.getElementById(`${this.box.id}-words`);
    return kept?.value ? JSON.parse(kept.value) : {};
  }

  pieces() {
    const words = this.words;
    return [...this.box.value.matchAll(PIECE)].filter((found) => !found[1] || Object.hasOwn(words, found[1]));
  }

  draw() {
    const layer = this.querySelector(".under");
    if (!layer) return;
    const text = this.box.value;
    let at = 0;
    layer.replaceChildren();
    for (const found of this.pieces()) {
      const mark = document.createElement("mark");
      mark.textContent = found[0];
      layer.append(text.slice(at, found.index), mark);
      at = found.index + found[0].length;
    }
    layer.append(`${text.slice(at)}\n`);
    this.follow();
  }

  follow() { this.querySelector(".under").scrollTop = this.box.scrollTop; }

  takeWhole(event) {
    const { selectionStart: at, selectionEnd: end } = this.box;
    if (at !== end || !["Backspace", "Delete"].includes(event.key)) return;
    const edge = event.key === "Delete" ? (found) => found.index : (found) => found.index + found[0].length;
    const whole = this.pieces().find((found) => found[1] && edge(found) === at);
    if (whole) this.box.setSelectionRange(whole.index, whole.index + whole[0].length);
  }
}

customElements.define("message-box", MessageBox);
addEventListener("htmx:after:swap", () => {
  for (const each of document.querySelectorAll("message-box")) each.draw();
});

// What a press of Test or of a real test draws stands at the end of the page: show it.
let shows = "";
addEventListener("submit", (event) => {
  const does = event.submitter?.value ?? "";
  shows = does === "test" ? "tried" : /^(trial|try )/.test(does) ? "trial" : "";
}, true);
addEventListener("htmx:after:swap", () => {
  if (shows) document.getElementById(shows)?.scrollIntoView({ block: "center" });
  shows = "";
});
