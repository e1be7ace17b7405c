// The tour suggests experiments, each of which one click does, and says what came of it.

import { points } from "./charts.js";
import { changesShape, format, reverse, wholePlan, without } from "./plan.js";

// newTour returns update(plan text, result), to be called with each result. propose(plan, what) does an experiment.
export function newTour(root, blocks, propose) {
  const all = [...blocks.values()];
  const stages = all.at(-1).stage;
  const own = (stage) => all.filter((b) => b.stage === stage);
  const middle = own(Math.ceil(stages / 2));
  const one = middle[middle.length >> 1].name;
  const resizing = middle.find(changesShape)?.name ?? all.at(-1).name;
  const whole = wholePlan(blocks);
  const seen = new Set([format(whole)]); // a small net has fewer experiments
  const tour = [
    { says: `Delete one block of ${all.length}: does the net need all of them?`, does: `Delete ${one}`, plan: without(whole, one), was: `Without ${one}` },
    { says: "Now one that changes the size of the picture, whose skip loses pixels.", does: `Delete ${resizing}`, plan: without(whole, resizing), was: `Without ${resizing}` },
    { says: "Does the order of the blocks matter?", does: `Reverse layer${stages}`, plan: reverse(whole, stages, blocks), was: `With layer${stages} backwards` },
  ].filter(({ plan }) => !seen.has(format(plan)) && seen.add(format(plan)));
  const [title, text, button, close] = ["h3", "p", "button", "button"].map((name) => document.createElement(name));
  button.type = close.type = "button";
  button.id = "tour-do";
  close.id = "tour-close";
  close.textContent = "×";
  close.setAttribute("aria-label", "No more suggestions");
  root.append(title, text, button, close);
  let next = 0;
  let asked = null; // the plan whose result is to be told

  button.addEventListener("click", () => {
    const { plan, was } = tour[next];
    asked = format(plan);
    propose(plan, `${was}.`);
  });
  close.addEventListener("click", () => (root.hidden = true));

  const lost = (c) => (c < 0 ? `loses ${points(c).slice(1)} points` : c > 0 ? `gains ${points(c).slice(1)} points` : "loses nothing");
  function show(outcome) {
    title.textContent = next === 0 ? "First experiment" : "Next experiment";
    title.hidden = next === tour.length;
    text.textContent = [outcome, tour[next]?.says].filter(Boolean).join(" ");
    button.hidden = next === tour.length;
    button.textContent = tour[next]?.does;
  }
  show("");
  return function update(plan, result) {
    if (plan !== asked) return;
    asked = null;
    const { was } = tour[next++];
    show(`${was} the residual net ${lost(result.change)}, the plain net ${lost(result.plain.change)}.`);
  };
}
