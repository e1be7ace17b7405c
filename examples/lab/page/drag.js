// Dragging of cards by mouse, pen and finger. A finger that moves up or down scrolls the page; one that moves
// sideways, or rests on a card first, drags it.

const slack = 6; // px before a press is a drag
const rest = 300; // ms on a card before a finger drags it in any direction

// watchDrags calls drop(item, index) for a card dropped in a gap. gaps(item) lists where it could go:
// {li, side, index, fits, element}, an edge of a card.
export function watchDrags(root, { gaps, drop }) {
  let press = null; // {item, id, x, y, touch, timer, gap, dragging}
  let swallow = false; // the click with which a drag ends
  const mark = document.createElement("div");
  mark.className = "mark";
  mark.hidden = true;
  root.append(mark);

  root.addEventListener("pointerdown", (event) => {
    swallow = false;
    const body = event.target.closest("li .body");
    if (!body || event.button !== 0 || press) return;
    press = { item: body.closest("li"), body, id: event.pointerId, x: event.clientX, y: event.clientY, touch: event.pointerType === "touch" };
    if (press.touch) press.timer = setTimeout(() => begin(), rest);
  });
  root.addEventListener("pointermove", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const dx = event.clientX - press.x;
    const dy = event.clientY - press.y;
    if (!press.dragging) {
      if (Math.hypot(dx, dy) < slack) return;
      if (press.touch && Math.abs(dy) > Math.abs(dx)) return end(); // the page scrolls
      begin();
      if (!press) return;
    }
    press.card.style.transform = `translate(${dx}px, ${dy}px)`;
    aim(event.clientX, event.clientY);
  });
  root.addEventListener("pointerup", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const { item, gap, dragging } = press;
    end();
    if (dragging && gap) drop(item, gap.index);
  });
  root.addEventListener("pointercancel", (event) => press && event.pointerId === press.id && end());
  // Without this a finger that has rested on a card would scroll the page when it moves.
  root.addEventListener("touchmove", (event) => press?.dragging && event.preventDefault(), { passive: false });
  root.addEventListener("contextmenu", (event) => press?.touch && event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && press?.dragging) end();
  });

  function begin() {
    clearTimeout(press.timer);
    press.dragging = true;
    press.card = press.item.querySelector(".card");
    try {
      press.body.setPointerCapture(press.id);
    } catch { // the finger is gone already
      return end();
    }
    press.item.classList.add("dragged");
    root.classList.add("dragging");
    for (const g of gaps(press.item)) g.element.classList.toggle("open", g.fits);
  }

  // aim finds the gap nearest to the pointer and marks it.
  function aim(x, y) {
    let nearest = Infinity;
    for (const g of gaps(press.item)) {
      const r = g.li.getBoundingClientRect();
      const distance = Math.hypot(x - r[g.side], 2 * (y - (r.top + r.bottom) / 2));
      if (distance < nearest) {
        nearest = distance;
        press.gap = g;
      }
    }
    const r = press.gap.li.getBoundingClientRect();
    const origin = root.getBoundingClientRect();
    mark.style.left = `${r[press.gap.side] - origin.left}px`;
    mark.style.top = `${r.top - origin.top}px`;
    mark.style.height = `${r.height}px`;
    mark.classList.toggle("misfit", !press.gap.fits);
    mark.hidden = false;
  }

  function end() {
    clearTimeout(press.timer);
    if (press.dragging) {
      swallow = true;
      press.card.style.transform = "";
    }
    press.item.classList.remove("dragged");
    root.classList.remove("dragging");
    for (const s of root.querySelectorAll(".open")) s.classList.remove("open");
    mark.hidden = true;
    press = null;
  }

  // endsDrag says whether a click is the end of a drag. One from the keyboard never is.
  return { endsDrag: (click) => swallow && click.detail > 0 };
}
