import { measure, Refused, whenTrained, whyNot } from "./api.js";
import { newBoard } from "./board.js";
import { drawMeter, newClassChart, newGradientChart, newImageChart, newPathChart, percent, points } from "./charts.js";
import { newGallery } from "./gallery.js";
import { fits, format, parse, wholePlan } from "./plan.js";
import { term } from "./terms.js";
import { newTour } from "./tour.js";

const $ = (id) => document.getElementById(id);
const count = (n) => BigInt(n).toLocaleString("en");

function alertUser(text) {
  $("alert-text").textContent = text;
  $("alert").hidden = !text;
}
$("alert-close").addEventListener("click", () => alertUser(""));

const reason = (error) => (error instanceof Refused ? `The lab says: ${error.message}.` : "The lab does not answer: has the program ended?");

for (const e of document.querySelectorAll("[data-term]")) e.append(term(e.dataset.term, e.dataset.text));

const timeLeft = (s) => (s < 90 ? `${Math.ceil(s)} s` : `${Math.round(s / 60).toLocaleString("en")} min`);

function showTraining(t) {
  $("training-bar").value = t.steps ? t.step / t.steps : 0;
  $("training-text").textContent = t.steps
    ? `The ${t.net} net, epoch ${t.epoch} of ${t.epochs}: ${percent(t.accuracy)} of the training images right` +
      (t.secondsLeft ? `. ${timeLeft(t.secondsLeft)} left.` : ".")
    : "Starting";
}

// newLab wires the page to trained nets.
function newLab(net) {
  const blocks = new Map(net.blocks.map((b) => [b.name, b]));
  const charts = { paths: newPathChart($("chart-paths")), gradient: newGradientChart($("chart-gradient")), classes: newClassChart($("chart-classes")), image: newImageChart($("chart-image")) };
  const board = newBoard($("stages"), blocks, propose);
  const gallery = newGallery($("images"), net.shown, net.classes, showImage);
  const tour = newTour($("tour"), blocks, propose);
  const past = []; // plans that Undo goes back to
  let plan = wholePlan(blocks); // what the board shows
  let result = net.whole;

  $("count").textContent = ` of ${blocks.size} blocks`;
  $("tested").textContent = net.tested.toLocaleString("en");
  $("graded").textContent = net.graded;
  $("whole").textContent = `${percent(net.whole.accuracy)}, plain ${percent(net.whole.plain.accuracy)}`;

  const runs = (next) => next.length <= net.maxSteps && fits(next, blocks);

  // propose shows a plan and asks for its result, or the server why it cannot run.
  function propose(next, what) {
    alertUser("");
    if (!runs(next)) return explain(format(next), "This cannot run");
    if (format(next) !== format(plan)) past.push(plan);
    show(next);
    ask(what);
  }

  function show(next) {
    plan = next;
    board.show(plan);
    const whole = format(plan) === net.whole.plan;
    history.replaceState(null, "", whole ? location.pathname : `#${format(plan)}`);
    $("undo").disabled = past.length === 0;
    $("reset").disabled = whole;
    document.title = whole ? "Residuum lab" : "Edited net - Residuum lab";
  }

  async function ask(what) {
    $("lab").setAttribute("aria-busy", "true");
    try {
      const answer = await measure(format(plan));
      if (!answer) return; // a later plan has been asked for
      result = answer;
      showResult();
      $("live").textContent = `${what} Accuracy ${percent(result.accuracy)}, ${change(result.change)}; plain net ${percent(result.plain.accuracy)}.`;
    } catch (error) {
      alertUser(reason(error));
    }
    $("lab").setAttribute("aria-busy", "false");
  }

  // explain shows why a plan cannot run.
  async function explain(text, what) {
    try {
      alertUser(`${what}: ${await whyNot(text)}.`);
    } catch (error) {
      alertUser(reason(error));
    }
  }

  const change = (c) => (c ? `${points(c)} points against the whole net` : "as much as the whole net");

  function showResult() {
    const before = net.whole;
    $("readout").dataset.plan = result.plan;
    const r = { ...result, perClass: net.tested / net.classes.length };
    showAccuracy("", r, before);
    showAccuracy("plain-", r.plain, before.plain);
    $("moved").textContent = `${r.lost}, ${r.gained}`;
    $("blocks").textContent = `${r.paths.blocks}`;
    $("paths").textContent = `${count(r.paths.count)}, mean length ${r.paths.mean}`;
    $("timing").textContent = `${Math.round(r.ms.accuracy + r.ms.gradient)} ms: accuracy ${Math.round(r.ms.accuracy)}, gradient ${Math.round(r.ms.gradient)}`;
    charts.paths({ now: r.paths.shares, whole: before.paths.shares, result: r, before });
    charts.gradient({ now: r.gradient?.shares, whole: before.gradient.shares, result: r, before });
    charts.classes({ classes: net.classes, result: r, before });
    gallery.update(r.shown);
    showImage(gallery.chosen());
    tour(r.plan, r);
  }

  // showAccuracy shows that of one of the nets, whose elements' names begin with prefix.
  function showAccuracy(prefix, now, before) {
    const whole = result.plan === net.whole.plan;
    $(`${prefix}accuracy`).textContent = percent(now.accuracy);
    $(`${prefix}change`).textContent = whole ? "whole net" : now.change ? `${points(now.change)} points` : "no change";
    $(`${prefix}change`).className = `change ${now.change < 0 ? "loss" : now.change > 0 ? "gain" : "same"}`;
    drawMeter($(`${prefix}meter`), now.accuracy, before.accuracy, 1 / net.classes.length);
  }

  function showImage(i) {
    const label = net.shown[i];
    charts.image({ title: `One image: ${net.classes[label]}`, classes: net.classes, now: result.shown[i], whole: net.whole.shown[i], label });
  }

  function undo() {
    if (past.length === 0) return;
    alertUser("");
    show(past.pop());
    ask("Undone.");
  }

  // fromLink shows the plan in the address, or the whole net if there is none.
  function fromLink() {
    const text = location.hash.slice(1);
    if (text === format(plan)) return;
    const linked = text ? parse(text, blocks) : wholePlan(blocks);
    if (linked && runs(linked)) return propose(linked, text ? "The plan of the link." : "The whole net.");
    show(plan);
    explain(text, "The link's plan cannot run");
  }

  $("undo").addEventListener("click", undo);
  $("reset").addEventListener("click", () => propose(wholePlan(blocks), "Reset to the whole net."));
  $("link").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      $("live").textContent = "Link copied.";
      $("link").textContent = "Copied";
      setTimeout(() => ($("link").textContent = "Copy link"), 1500);
    } catch {
      alertUser(`Copy this: ${location.href}`);
    }
  });
  $("random").addEventListener("submit", (event) => {
    event.preventDefault();
    board.random(Number($("random-count").value));
  });
  $("random-count").max = blocks.size;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && event.target.tagName !== "INPUT") {
      event.preventDefault();
      undo();
    }
  });
  addEventListener("hashchange", fromLink);

  $("training").hidden = true;
  $("lab").hidden = false;
  board.show(plan);
  showResult();
  fromLink();
  past.length = 0; // where a link leads is where Undo ends
  $("undo").disabled = true;
}

try {
  newLab(await whenTrained(showTraining));
} catch (error) {
  alertUser(reason(error));
  throw error;
}
