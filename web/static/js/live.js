// Parts that poll (hx-trigger="every 2s") rest while the tab is hidden and catch up once it is seen again.
addEventListener("every", (event) => document.hidden && event.stopImmediatePropagation(), true);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll('[hx-trigger*="every "]')) window.htmx?.trigger(part, "every");
});

// A line that broke is said once, in words, and taken back when the next answer arrives.
const lost = "Rulebook does not answer. This page shows what it knew last and keeps trying.";

addEventListener("htmx:error", () => {
  const line = document.getElementById("line");
  if (line && line.textContent !== lost) line.textContent = lost;
});

addEventListener("htmx:after:request", () => {
  const line = document.getElementById("line");
  if (line) line.textContent = "";
});
