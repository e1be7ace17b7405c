// What the words of this field mean, shown at a term that the mouse is over, a finger taps or the keyboard's focus is on.

const glossary = {
  "residual net": "A net of blocks, each of which adds to what it is given: it computes y + f(y). Here f is two convolutions with batch norm and ReLU.",
  "plain net": "The same convolutions without skips, trained alike: a block computes f(y) instead of y + f(y), so there is one path through it. Deleting one leaves its input as it is, cut to the shape that comes next.",
  block: "Two convolutions f with batch norm and ReLU, and the skip around them. Deleted, a block passes on what it was given: y instead of y + f(y).",
  skip: "The line above a block, on which its input goes past it to the sum ⊕. Where a block changes the size of the picture, the skip drops pixels and adds channels of zeros; it is dashed there.",
  stem: "The first convolution, which makes the channels that all blocks add to.",
  head: "What is behind the last block: batch norm, ReLU, the mean over all pixels, and a linear layer that gives a score to each class.",
  paths: "At each block a signal goes through f or past it, so n blocks make 2^n paths from the stem to the head. Deleting a block leaves half of them.",
  length: "How many blocks a path goes through instead of past.",
  gradient: "Says how the loss changes with what the stem gives. It is a sum over all paths; here those of each length are added up, exactly, and their sums compared in size.",
  "whole net": "The net as it was trained, without any edit.",
  "lost, gained": "Images that the whole net has right and the edited net has not, and the reverse.",
  "95 % interval": "Of the change in a class's accuracy: with other test images it would be within these limits about 19 times out of 20.",
};

let shown = null; // the term whose meaning is shown
let pinned = false; // by a tap or a click, which the mouse may leave
const tip = document.createElement("div");
tip.id = "tip";
tip.role = "tooltip";
tip.hidden = true;
document.body.append(tip);

// term makes a term that explains itself. text is what it says instead of its name.
export function term(name, text = name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "term";
  button.dataset.term = name;
  button.textContent = text;
  return button;
}

// withTerms makes nodes of a text with terms in braces: "How long the {paths} are".
export const withTerms = (text) => text.split(/[{}]/).map((part, i) => (i % 2 ? term(...part.split("|")) : part));

function show(button) {
  hide();
  shown = button;
  button.setAttribute("aria-describedby", "tip");
  tip.textContent = glossary[button.dataset.term];
  tip.hidden = false;
  place();
}

// place puts the meaning below its term, or above where there is no room, and within the window.
function place() {
  if (!shown) return;
  const at = shown.getBoundingClientRect(), own = tip.getBoundingClientRect();
  const wide = document.documentElement.clientWidth;
  const below = at.bottom + own.height + 8 < innerHeight || at.top < own.height;
  tip.style.left = `${scrollX + Math.max(8, Math.min(at.left, wide - own.width - 8))}px`;
  tip.style.top = `${scrollY + (below ? at.bottom + 4 : at.top - own.height - 4)}px`;
}

function hide() {
  shown?.removeAttribute("aria-describedby");
  shown = null;
  pinned = false;
  tip.hidden = true;
}

const termAt = (event) => (event.target instanceof Element ? event.target.closest(".term") : null);
document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse" || pinned || event.target === tip) return; // the mouse may go over to what it reads
  if (termAt(event)) show(termAt(event));
  else if (shown && shown !== document.activeElement) hide();
});
document.addEventListener("focusin", (event) => {
  if (termAt(event)?.matches(":focus-visible")) show(termAt(event));
  else if (!termAt(event)) hide();
});
document.addEventListener("focusout", (event) => termAt(event) === shown && hide());
document.addEventListener("click", (event) => {
  const button = termAt(event);
  if (!button && event.target !== tip) return hide();
  if (!button) return;
  if (shown === button && pinned) return hide();
  show(button);
  pinned = true;
});
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
addEventListener("scroll", place, { passive: true }); // the term may stay where it is on the screen
addEventListener("resize", place);
