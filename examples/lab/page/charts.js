// Charts as inline SVG. They are drawn in the pixels of the page, so that text keeps its size on a phone.
// Whole net and edited net differ in form as well as in colour.

import { withTerms } from "./terms.js";

const ns = "http://www.w3.org/2000/svg";

export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}\u00a0%`; // a space that does not break
export const points = (change, digits = 1) => {
  const text = Math.abs(100 * change).toFixed(digits);
  return Number(text) === 0 ? text : (change < 0 ? "−" : "+") + text;
};

function el(name, attributes = {}, ...children) {
  const node = document.createElementNS(ns, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const html = (name, className, text) => {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.textContent = text;
  return node;
};

// newChart fills a figure: title, legend, drawing, and the numbers in a table. draw(svg, width, data) returns the
// height; summary(data) says in words what there is to see; table(data) returns rows, the first of them the heads.
function newChart(figure, { title, legend, draw, summary, table }) {
  const svg = el("svg", { role: "img" });
  const heading = html("h2", "", "");
  heading.append(...withTerms(title));
  const keys = html("p", "legend", "");
  for (const [className, text] of legend) {
    const key = html("span", className, "");
    key.append(...withTerms(text));
    keys.append(key);
  }
  const caption = html("p", "muted caption", "");
  const details = html("details", "", "");
  const grid = document.createElement("table");
  const scroll = html("div", "scroll", "");
  scroll.append(grid);
  details.append(html("summary", "", "Numbers"), scroll);
  figure.append(heading, keys, svg, caption, details);
  let data = null;
  let width = 0;
  function render() {
    if (!data || width < 50) return;
    svg.replaceChildren();
    const height = draw(svg, width, data);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
  }
  new ResizeObserver(() => {
    const style = getComputedStyle(figure);
    const inner = figure.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (inner !== width) {
      width = inner;
      render();
    }
  }).observe(figure);
  return function update(next) {
    data = next;
    if (data.title) heading.textContent = data.title;
    caption.textContent = summary(data);
    svg.setAttribute("aria-label", `${heading.textContent}. ${caption.textContent}`);
    const [heads, ...rows] = table(data);
    grid.replaceChildren(tr("th", heads), ...rows.map((r) => tr("td", r)));
    render();
  };
}

function tr(cell, values) {
  const row = document.createElement("tr");
  row.append(...values.map((v) => html(cell, "", v)));
  return row;
}

// ticks returns round values from 0 to at least top.
function ticks(top, count = 4) {
  const raw = top / count;
  const size = 10 ** Math.floor(Math.log10(raw));
  const by = [1, 2, 2.5, 5, 10].map((m) => m * size).find((v) => v >= raw * 0.999);
  return Array.from({ length: Math.ceil(top / by - 1e-9) + 1 }, (_, i) => i * by);
}

// byLength draws shares of a total by path length: bars for the edited net, a line with rings for the whole.
// data is {now, whole, mean}, shares from length 0 on; now may be null.
function byLength(svg, width, { now, whole }) {
  const height = 240;
  const left = 40, right = 8, top = 10, bottom = 44;
  const lengths = Math.max(now?.length ?? 0, whole.length);
  const marks = ticks(100 * Math.max(...(now ?? []), ...whole));
  const high = marks.at(-1);
  const pitch = (width - left - right) / lengths;
  const x = (k) => left + (k + 0.5) * pitch;
  const y = (share) => top + (1 - (100 * share) / high) * (height - top - bottom);
  for (const m of marks) {
    svg.append(el("line", { class: "grid", x1: left, x2: width - right, y1: y(m / 100), y2: y(m / 100) }),
      el("text", { class: "tick", x: left - 6, y: y(m / 100) + 4, "text-anchor": "end" }, `${+m.toFixed(1)}`));
  }
  const every = Math.ceil(22 / pitch);
  for (let k = 0; k < lengths; k += every) svg.append(el("text", { class: "tick", x: x(k), y: height - bottom + 16, "text-anchor": "middle" }, k));
  now?.forEach((share, k) => {
    const bar = el("rect", { class: "now", x: x(k) - 0.36 * pitch, width: 0.72 * pitch, y: y(share), height: Math.max(y(0) - y(share), 0) });
    bar.append(el("title", {}, `length ${k}: ${percent(share, 2)}, whole net ${percent(whole[k] ?? 0, 2)}`));
    svg.append(bar);
  });
  svg.append(el("polyline", { class: "whole", points: whole.map((s, k) => `${x(k)},${y(s)}`).join(" ") }));
  whole.forEach((share, k) => svg.append(el("circle", { class: "whole", cx: x(k), cy: y(share), r: Math.min(3.5, 0.3 * pitch) })));
  svg.append(el("line", { class: "axis", x1: left, x2: width - right, y1: y(0), y2: y(0) }),
    el("text", { class: "label", x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, "path length, blocks"),
    el("text", { class: "label", transform: `translate(11 ${(top + height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, "share, %"));
  return height;
}

const lengthTable = ({ now, whole }) => [
  ["length", "edited net", "whole net"],
  ...Array.from({ length: Math.max(now?.length ?? 0, whole.length) }, (_, k) => [k, percent(now?.[k] ?? 0, 2), percent(whole[k] ?? 0, 2)]),
];

const bothNets = [["key now", "edited net"], ["key whole", "{whole net}"]];

export const newPathChart = (figure) => newChart(figure, {
  title: "How long the {paths} are", legend: bothNets, draw: byLength, table: lengthTable,
  summary: ({ result, before }) => `${result.paths.blocks} blocks make 2^${result.paths.blocks} paths of mean length ${result.paths.mean}, in the whole net ${before.paths.mean}.`,
});

export const newGradientChart = (figure) => newChart(figure, {
  title: "Which {length|lengths} carry the {gradient}", legend: bothNets, draw: byLength, table: lengthTable,
  summary: ({ result: { gradient: g }, before: { gradient: b } }) => g
    ? `Share of the sum over lengths of |gradient|. ${range(g)} carry 95 % of it, in the whole net ${range(b).toLowerCase()}.`
    : "The edited net has no gradient that is finite and not zero.",
});

const range = (g) => (g.from === g.to ? `Paths of length ${g.from}` : `Lengths ${g.from} to ${g.to}`);

// rows lays out a chart of horizontal rows on an axis from 0 to 100 %, with names to the left and what note
// returns to the right, and calls draw(x, y, i) for each.
function rows(svg, width, names, { label, pitch, marked, note, noteHead, draw }) {
  const left = 86, right = note ? 56 : 16, top = note ? 20 : 6, bottom = 42;
  const height = top + names.length * pitch + bottom;
  const floor = height - bottom;
  const x = (share) => left + share * (width - left - right);
  for (const m of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(el("line", { class: m ? "grid" : "axis", x1: x(m), x2: x(m), y1: top, y2: floor }),
      el("text", { class: "tick", x: x(m), y: floor + 16, "text-anchor": "middle" }, 100 * m));
  }
  if (note) svg.append(el("text", { class: "label", x: width, y: 12, "text-anchor": "end" }, noteHead));
  names.forEach((name, i) => {
    const y = top + (i + 0.5) * pitch;
    svg.append(el("text", { class: marked === i ? "name marked" : "name", x: left - 8, y: y + 4, "text-anchor": "end" }, name));
    if (note) svg.append(el("text", { class: `name ${note(i).className}`, x: width, y: y + 4, "text-anchor": "end" }, note(i).text));
    draw(x, y, i);
  });
  svg.append(el("text", { class: "label", x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, label));
  return height;
}

const way = (change) => (change < 0 ? "loss" : change > 0 ? "gain" : "same");

export const newClassChart = (figure) => newChart(figure, {
  title: "Accuracy of each class",
  legend: [["key ring", "{whole net}"], ["key gain", "edited, gain"], ["key loss", "edited, loss"], ["key whisker", "{95 % interval} of the change"]],
  draw: (svg, width, { classes, result, before }) => rows(svg, width, classes, {
    label: "accuracy, %", pitch: 30, noteHead: "change, points",
    note: (i) => ({ text: points(result.classes[i].change, 0), className: way(result.classes[i].change) }),
    draw: (x, y, i) => {
      const { accuracy: now, change, margin } = result.classes[i];
      const was = before.classes[i].accuracy;
      const from = Math.max(now - margin, 0), to = Math.min(now + margin, 1);
      svg.append(el("rect", { class: way(change), x: x(Math.min(now, was)), width: Math.abs(x(now) - x(was)), y: y - 4, height: 8 }));
      if (margin > 0) svg.append(el("path", { class: "whisker", d: `M${x(from)} ${y}H${x(to)}M${x(from)} ${y - 4}v8M${x(to)} ${y - 4}v8` }));
      svg.append(el("circle", { class: "whole", cx: x(was), cy: y, r: 5 }), el("circle", { class: `dot ${way(change)}`, cx: x(now), cy: y, r: 4 }));
    },
  }),
  summary: ({ classes, result }) => {
    const worst = result.classes.reduce((a, c, i) => (c.change < result.classes[a].change ? i : a), 0);
    return result.classes[worst].change < 0
      ? `${classes[worst]} loses most: ${points(result.classes[worst].change, 0).slice(1)} points, of ${result.perClass} images.`
      : `No class loses. ${result.perClass} images of each.`;
  },
  table: ({ classes, result, before }) => [
    ["class", "edited net", "whole net", "change, points", "95 % ±"],
    ...classes.map((c, i) => [c, percent(result.classes[i].accuracy, 0), percent(before.classes[i].accuracy, 0), points(result.classes[i].change, 0), (100 * result.classes[i].margin).toFixed(1)]),
  ],
});

export const newImageChart = (figure) => newChart(figure, {
  title: "One image", legend: bothNets,
  draw: (svg, width, { classes, now, whole, label }) => rows(svg, width, classes, {
    label: "probability, %", pitch: 24, marked: label,
    draw: (x, y, i) => {
      if (now) svg.append(el("rect", { class: "now", x: x(0), width: x(now[i]) - x(0), y: y - 7, height: 14 }));
      svg.append(el("circle", { class: "whole", cx: x(whole[i]), cy: y, r: 4 }));
    },
  }),
  summary: ({ classes, now, label }) => now ? `It shows: ${classes[label]}. The edited net says ${classes[best(now)]}, ${percent(now[best(now)], 0)}.` : "The edited net gives no finite number.",
  table: ({ classes, now, whole }) => [["class", "edited net", "whole net"], ...classes.map((c, i) => [c, now ? percent(now[i]) : "none", percent(whole[i])])],
});

export const best = (probabilities) => probabilities.indexOf(Math.max(...probabilities));

// drawMeter shows accuracy on a scale from 0 to 100 %, beside that of the whole net and of guessing.
export function drawMeter(root, accuracy, whole, chance) {
  const place = (v) => `${100 * v}%`;
  root.replaceChildren(html("i", "fill", ""), ...[["whole", whole, "whole net"], ["chance", chance, "chance"]].map(([className, v, text]) => {
    const mark = html("b", className, "");
    mark.style.left = place(v);
    mark.append(html("span", "", text));
    return mark;
  }));
  root.firstChild.style.width = place(accuracy);
  root.setAttribute("aria-label", `Accuracy ${percent(accuracy)} on a scale from 0 to 100 %; whole net ${percent(whole)}, chance ${percent(chance, 0)}.`);
}
