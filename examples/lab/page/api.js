// What the page asks its server.

export class Refused extends Error {}

async function json(response) {
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.error);
  return answer;
}

// whenTrained calls report with the state of the training until there is a net, and returns the net.
export async function whenTrained(report) {
  for (;;) {
    const answer = await json(await fetch("api/net"));
    if (answer.net) return answer.net;
    report(answer.training);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

const ask = async (plan, signal) => json(await fetch("api/plan", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ plan }),
  signal,
}));

// whyNot returns why the server refuses a plan.
export async function whyNot(plan) {
  try {
    await ask(plan);
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
  return "it can";
}

let latest = null;

// measure returns the result for a plan, or null if another plan has been asked for in the meantime:
// then the server drops this one.
export async function measure(plan) {
  latest?.abort();
  const mine = (latest = new AbortController());
  try {
    return await ask(plan, mine.signal);
  } catch (error) {
    if (mine.signal.aborted) return null;
    throw error;
  }
}
