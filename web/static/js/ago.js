// "6 minutes ago" goes on by itself: the words of web/shown.py (ago), by the server's clock.
const sizes = [[90, 1, "second"], [5400, 60, "minute"], [129600, 3600, "hour"], [5184000, 86400, "day"],
  [63072000, 2592000, "month"], [Infinity, 31536000, "year"]];
const clock = document.querySelector(".foot time");
const ahead = clock ? Date.parse(clock.dateTime) - Date.now() : 0;

const ago = (at) => {
  const seconds = (Date.now() + ahead - at) / 1000, far = Math.abs(seconds);
  if (far < 2) return "just now";
  const [, size, word] = sizes.find(([most]) => far < most);
  const count = Math.max(1, Math.round(far / size)), span = `${count} ${word}${count === 1 ? "" : "s"}`;
  return seconds >= 0 ? `${span} ago` : `in ${span}`;
};

setInterval(() => {
  if (document.hidden) return;
  for (const each of document.querySelectorAll("time[data-ago]")) {
    const said = ago(Date.parse(each.dateTime));
    if (each.textContent !== said) each.textContent = said;
  }
}, 1000);
