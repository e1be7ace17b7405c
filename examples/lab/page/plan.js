// A plan is a list of steps {id, block, deleted}: the names of the blocks in the order in which they run. As text it is
// layer1.0,-layer1.1,layer1.2, with a minus before deleted blocks. The id tells two steps of one block apart. Blocks are
// a Map by name, in the order of the whole net.

let lastId = 0;

export const step = (block, deleted = false) => ({ id: ++lastId, block, deleted });

export const wholePlan = (blocks) => [...blocks.keys()].map((name) => step(name));

export const format = (plan) => plan.map((s) => (s.deleted ? "-" : "") + s.block).join(",");

// parse reads a plan of existing blocks, or returns null: the server says what is wrong.
export function parse(text, blocks) {
  const steps = text.split(",").map((word) => step(word.replace(/^-/, ""), word.startsWith("-")));
  return steps.every((s) => blocks.has(s.block)) ? steps : null;
}

// fits reports whether each block reads the shape that the one before it gives.
export function fits(plan, blocks) {
  const all = [...blocks.values()];
  let shape = all[0].in;
  for (const s of plan) {
    if (blocks.get(s.block).in !== shape) return false;
    shape = blocks.get(s.block).out;
  }
  return plan.length > 0 && shape === all.at(-1).out;
}

// toggle deletes the i-th step or brings it back. Of a block that runs several times it takes one out.
export function toggle(plan, i) {
  const s = plan[i];
  const others = plan.some((t, j) => j !== i && t.block === s.block);
  if (others && !s.deleted) return plan.filter((_, j) => j !== i);
  return plan.map((t, j) => (j === i ? { ...t, deleted: !t.deleted } : t));
}

// repeat runs the i-th step once more.
export const repeat = (plan, i) => [...plan.slice(0, i + 1), step(plan[i].block), ...plan.slice(i + 1)];

// move takes the i-th step to the gap before the j-th one; j = plan.length is the end.
export function move(plan, i, j) {
  const rest = plan.filter((_, k) => k !== i);
  rest.splice(j > i ? j - 1 : j, 0, plan[i]);
  return rest;
}

// deleteRandom deletes k of the steps that are left, or all if there are fewer.
export function deleteRandom(plan, k) {
  const left = plan.filter((s) => !s.deleted);
  const chosen = new Set();
  while (chosen.size < Math.min(k, left.length)) chosen.add(left[Math.floor(Math.random() * left.length)].id);
  return plan.map((s) => (chosen.has(s.id) ? { ...s, deleted: true } : s));
}

// without deletes the blocks of these names.
export const without = (plan, ...names) => plan.map((s) => (names.includes(s.block) ? { ...s, deleted: true } : s));

// changesShape says whether a block can stand only where it is.
export const changesShape = (block) => block.in !== block.out;

// reverse turns round the order of a stage. A block that changes the shape stays at its beginning.
export function reverse(plan, stage, blocks) {
  const turns = ({ block }) => blocks.get(block).stage === stage && !changesShape(blocks.get(block));
  const order = plan.filter(turns).reverse();
  return plan.map((s) => (turns(s) ? order.shift() : s));
}
