// Parts that poll (hx-trigger="every 2s") rest while the tab is hidden and catch up once it is seen again.
addEventListener("every", (event) => document.hidden && event.stopImmediatePropagation(), true);

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll('[hx-trigger*="every "]')) window.htmx?.trigger(part, "every");
});

// A part says what it was drawn by last, so that it is drawn again only when something is new (web/polling.py).
const seen = new WeakMap();
const polls = ({ detail: { ctx } }) => ctx.sourceElement?.getAttribute("hx-trigger")?.startsWith("every ") && ctx;
const keep = (event) => {
  const ctx = polls(event);
  if (ctx && ctx.response?.headers.has("Rulebook-Seen")) seen.set(ctx.sourceElement, ctx.response.headers.get("Rulebook-Seen"));
};

addEventListener("htmx:config:request", (event) => {
  const ctx = polls(event);
  if (ctx && ctx.request.method === "GET") ctx.request.headers["Rulebook-Seen"] = seen.get(ctx.sourceElement) ?? "nothing";
});
addEventListener("htmx:after:swap", keep);

// A line that broke is said once, in words, and taken back when the next answer arrives.
const lost = "Rulebook does not answer. This page shows what it knew last and keeps trying.";

addEventListener("htmx:error", () => {
  const line = document.getElementById("line");
  if (line && line.textContent !== lost) line.textContent = lost;
});

addEventListener("htmx:after:request", (event) => {
  if (event.detail.ctx.response.status === 204) keep(event); // what is swapped is known once it is there
  const line = document.getElementById("line");
  if (line) line.textContent = "";
});
