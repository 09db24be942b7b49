// <copy-button>: a read-only box that one can select by hand gains a button and says "Copied" once.
class CopyButton extends HTMLElement {
  connectedCallback() {
    const [box, button, said] = ["input, textarea", "button", "[role=status]"].map((part) => this.querySelector(part));
    button.hidden = false;
    box.onfocus = () => box.select();
    button.onclick = async () => {
      const copied = await copy(box);
      button.lastElementChild.textContent = copied ? "Copied" : "Select and copy";
      said.textContent = copied ? "Copied" : "This browser does not let pages copy. The text is selected.";
      clearTimeout(this.later);
      this.later = setTimeout(() => {
        button.lastElementChild.textContent = "Copy";
        said.textContent = "";
      }, 2500);
    };
  }
}

// navigator.clipboard exists on https and localhost only; a plain http address still has execCommand.
async function copy(box) {
  try {
    await navigator.clipboard.writeText(box.value);
    return true;
  } catch {
    box.focus();
    box.select();
    return document.execCommand("copy");
  }
}

customElements.define("copy-button", CopyButton);
