// A menu is a <details class="menu">; here it also closes on Escape, outside clicks and when another opens.
const open = () => document.querySelectorAll("details.menu[open]");

addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (event.key === "Escape") {
    for (const each of open()) each.open = false;
    menu?.querySelector("summary").focus();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!menu || !step || event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  const stops = [...menu.querySelectorAll("summary, .pop a[href], .pop button")].filter((stop) => stop.offsetParent);
  stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
});

addEventListener("focusin", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
