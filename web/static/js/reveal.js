// Every password box gains a button that shows what was typed.
for (const box of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.textContent = "Show";
  button.setAttribute("aria-label", "Show the password");
  button.setAttribute("aria-pressed", "false");
  button.onclick = () => {
    const shown = box.type === "text";
    box.type = shown ? "password" : "text";
    button.textContent = shown ? "Show" : "Hide";
    button.setAttribute("aria-pressed", String(!shown));
  };
  box.form.addEventListener("submit", () => (box.type = "password"));
  const frame = document.createElement("div");
  frame.className = "revealing";
  box.replaceWith(frame);
  frame.append(box, button);
}
