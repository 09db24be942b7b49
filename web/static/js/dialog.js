// <a href="/the/page" data-dialog="id"> opens <dialog id="id"> as a modal; without script the link is followed.
// A dialog that the server drew open, or that a swap brought in, becomes modal by itself.
function show(dialog) {
  dialog.removeAttribute("open");
  dialog.showModal();
}

function upgrade() {
  for (const dialog of document.querySelectorAll("dialog.sheet[data-modal]:not(:modal)")) show(dialog);
}

addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    show(dialog);
  } else if (event.target.closest?.("[data-close]") || event.target.matches?.("dialog:modal")) {
    const closing = event.target.closest("dialog");
    if (!closing) return;
    event.preventDefault();
    closing.removeAttribute("data-modal");
    closing.close();
  }
});

// Escape closes natively; the mark goes as well, so that the next swap does not open it again.
addEventListener("close", (event) => event.target.removeAttribute?.("data-modal"), true);
addEventListener("htmx:after:swap", upgrade);
upgrade();
