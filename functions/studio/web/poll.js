// Asks again and again, politely: soon while something moves, seldom while nothing does, never in a tab that nobody
// sees, and later each time that the server is busy or away.
import { Problem, pause } from "./api.js";

const soon = 1000; // ms
const slow = 10000;
const worst = 60000;

// poll calls look until the signal is aborted. look returns whether something moves; what it throws goes to failed, which
// returns whether to go on.
export async function poll(look, signal, failed = () => true) {
  let wait = 0;
  for (let misses = 0; !signal.aborted;) {
    try {
      await seen(signal);
      const moving = await look();
      misses = 0;
      wait = moving ? soon : Math.min(slow, Math.max(soon, wait * 1.6));
    } catch (problem) {
      if (signal.aborted || !(problem instanceof Problem)) {
        if (!signal.aborted) throw problem;
        return;
      }
      if (!problem.passing && !failed(problem)) return;
      misses++;
      wait = Math.max(problem.after * 1000, Math.min(worst, soon * 2 ** misses)) * (0.75 + Math.random() / 2);
    }
    await rest(wait, signal, misses === 0);
  }
}

// rest waits, or, if it may be short, until the tab comes to the front again.
async function rest(ms, signal, short) {
  const round = new AbortController();
  const both = AbortSignal.any([signal, round.signal]);
  await Promise.race([pause(ms, both), ...(short ? [woken(both)] : [])]).catch(() => {});
  round.abort();
}

// seen resolves once somebody sees the tab.
function seen(signal) {
  if (!document.hidden) return Promise.resolve();
  return woken(signal);
}

// woken resolves when the tab comes to the front.
function woken(signal) {
  return new Promise((resolve, reject) => {
    const look = () => !document.hidden && end(resolve);
    const stop = () => end(() => reject(signal.reason));
    function end(how) {
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", stop);
      how();
    }
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", stop);
  });
}
