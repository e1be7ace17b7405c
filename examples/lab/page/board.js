// The board draws a plan: stem, a card for each block with its skip above it, a row for each stage, and head. It turns
// clicks, keys and drags into new plans.

import { changesShape, deleteRandom, move, repeat, reverse, toggle } from "./plan.js";
import { watchDrags } from "./drag.js";
import { term } from "./terms.js";

const ordinal = (n) => n + (["th", "st", "nd", "rd"][n > 3 && n < 21 ? 0 : n % 10] ?? "th");

// newBoard returns {show(plan)}. propose(plan, what) is called with each plan that the user asks for,
// and what was done in words.
export function newBoard(root, blocks, propose) {
  const stages = [...new Set([...blocks.values()].map((b) => b.stage))].map((number, i, all) => newStage(number, blocks, i === 0, i === all.length - 1));
  root.style.setProperty("--row", Math.max(...stages.map((s) => s.length)));
  root.append(...stages.map((s) => s.element));
  const cards = new Map(); // by id of the step
  let plan = [];
  let current = 0; // id of the step that Tab reaches

  const at = (element) => plan.findIndex((s) => cards.get(s.id)?.item === element.closest("li"));
  const name = (i) => plan[i].block;
  const actions = {
    toggle: (i) => {
      const next = toggle(plan, i);
      const what = next.length < plan.length ? "taken out once" : plan[i].deleted ? "back" : "deleted";
      propose(next, `${name(i)} ${what}.`);
    },
    repeat: (i) => propose(repeat(plan, i), `${name(i)} runs once more.`),
    move: (i, gap) => {
      if (gap === i || gap === i + 1) return;
      propose(move(plan, i, gap), `${name(i)} moved to place ${gap > i ? gap : gap + 1}.`);
    },
    reverse: (stage) => propose(reverse(plan, stage, blocks), `layer${stage} reversed.`),
    random: (k) => propose(deleteRandom(plan, k), `${k} blocks deleted at random.`),
  };

  for (const s of stages) s.reverse.addEventListener("click", () => actions.reverse(s.number));
  const drags = watchDrags(root, {
    gaps,
    drop: (item, gap) => actions.move(at(item), gap),
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("li button");
    if (!button || drags.endsDrag(event)) return;
    setCurrent(at(button));
    if (button.classList.contains("again")) actions.repeat(at(button));
    else actions.toggle(at(button));
  });
  root.addEventListener("focusin", (event) => {
    if (event.target.closest("li")) setCurrent(at(event.target));
  });
  root.addEventListener("keydown", (event) => {
    const i = event.target.closest("li") ? at(event.target) : -1;
    if (i < 0 || event.ctrlKey || event.metaKey) return;
    const direction = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (direction && event.altKey) actions.move(i, direction < 0 ? Math.max(i - 1, 0) : Math.min(i + 2, plan.length));
    else if (direction) focus(i + direction);
    else if (event.key === "Home") focus(0);
    else if (event.key === "End") focus(plan.length - 1);
    else if (event.key === "Delete" || event.key === "Backspace") actions.toggle(i);
    else if (event.key === "r" || event.key === "R" || event.key === "+") actions.repeat(i);
    else return;
    event.preventDefault();
  });

  function setCurrent(i) {
    current = plan[Math.min(Math.max(i, 0), plan.length - 1)].id;
    for (const [id, c] of cards) c.body.tabIndex = id === current ? 0 : -1;
  }

  function focus(i) {
    setCurrent(i);
    cards.get(current).body.focus();
  }

  // gaps lists the places between cards of one row, and whether an item fits there.
  function gaps(item) {
    const block = blocks.get(plan[at(item)].block);
    return stages.flatMap(({ number, list, element }) => [...list.children].flatMap((li) => {
      const i = at(li);
      const first = changesShape(blocks.get(plan[i].block)); // nothing of this stage can come before it
      const fits = number === block.stage && !changesShape(block);
      return [...(first ? [] : [{ li, side: "left", index: i, fits, element }]), { li, side: "right", index: i + 1, fits, element }];
    }));
  }

  function show(next) {
    const before = new Map([...cards].map(([id, c]) => [id, c.item.getBoundingClientRect()]));
    const had = root.contains(document.activeElement) && document.activeElement.closest("li");
    const place = plan.findIndex((s) => s.id === current);
    plan = next;
    for (const [id, c] of cards) {
      if (!plan.some((s) => s.id === id)) {
        c.item.remove();
        cards.delete(id);
      }
    }
    const lists = new Map(stages.map((s) => [s.number, []]));
    const seen = new Map();
    for (const [i, s] of plan.entries()) {
      if (!cards.has(s.id)) cards.set(s.id, newCard());
      const times = (seen.get(s.block) ?? 0) + 1;
      seen.set(s.block, times);
      cards.get(s.id).set(s, times, i, plan.length, blocks.get(s.block));
      lists.get(blocks.get(s.block).stage).push(cards.get(s.id).item);
    }
    for (const s of stages) arrange(s.list, lists.get(s.number));
    setCurrent(cards.has(current) ? plan.findIndex((s) => s.id === current) : place);
    if (had) cards.get(current).body.focus();
    slide(before);
  }

  // slide lets cards glide from where they were.
  function slide(before) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const [id, from] of before) {
      const item = cards.get(id)?.item;
      if (!item) continue;
      const to = item.getBoundingClientRect();
      if (from.left === to.left && from.top === to.top) continue;
      item.animate([{ transform: `translate(${from.left - to.left}px, ${from.top - to.top}px)` }, { transform: "none" }], { duration: 160, easing: "ease-out" });
    }
  }

  return { show, random: actions.random };
}

// arrange makes items the children of list without moving those that are in place, so that the focus stays.
function arrange(list, items) {
  items.forEach((item, i) => {
    if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
  });
}

// newStage is a row. The first begins with the stem and the last ends with the head; the others go on from the row above
// and into the one below.
function newStage(number, blocks, first, last) {
  const own = [...blocks.values()].filter((b) => b.stage === number);
  const shape = own.at(-1).out;
  const element = document.createElement("section");
  element.className = "stage";
  element.dataset.stage = number;
  element.innerHTML = `<div class="bar"><h3>layer${number} <span class="muted">${shape}</span></h3>
    <span class="refusal" aria-hidden="true">does not fit here</span>
    <button type="button" class="reverse" aria-label="Reverse the order of layer${number}">Reverse</button></div>
    <div class="row"><div class="end begin"></div><ol aria-label="layer${number}, ${shape}"></ol><div class="end"></div></div>`;
  const [begin, end] = element.querySelectorAll(".end");
  begin.append(first ? term("stem") : "");
  begin.classList.toggle("box", first);
  end.append(last ? term("head") : "");
  end.classList.toggle("box", last);
  return { number, element, length: own.length, list: element.querySelector("ol"), reverse: element.querySelector(".reverse") };
}

function newCard() {
  const item = document.createElement("li");
  item.innerHTML = `<i class="skip"></i><i class="fork"></i><i class="join"></i><i class="sum"></i><div class="card"><button type="button" class="body" aria-describedby="help"
      aria-keyshortcuts="Delete R Alt+ArrowLeft Alt+ArrowRight"><span class="name"></span><span class="note"></span></button>
    <button type="button" class="again" tabindex="-1">+</button></div>`;
  const [body, again] = item.querySelectorAll("button");
  function set(s, times, place, places, block) {
    const fixed = changesShape(block);
    item.dataset.block = s.block;
    item.classList.toggle("deleted", s.deleted);
    item.classList.toggle("copy", times > 1);
    item.classList.toggle("fixed", fixed);
    body.querySelector(".name").textContent = s.block;
    body.querySelector(".note").textContent = s.deleted ? "deleted" : times > 1 ? ordinal(times) + " run" : fixed ? "resizes" : "";
    const state = s.deleted ? "deleted" : times > 1 ? ordinal(times) + " run" : "runs";
    body.setAttribute("aria-label", `${s.block}, ${state}, place ${place + 1} of ${places}${fixed ? `, changes ${block.in} to ${block.out}` : ""}`);
    body.setAttribute("aria-pressed", s.deleted);
    again.setAttribute("aria-label", `Repeat ${s.block}`);
    again.hidden = fixed;
  }
  return { item, body, set };
}
