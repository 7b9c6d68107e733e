// Polls the API: often while something is in progress, seldom while nothing is, never in a hidden tab, and with
// increasing delays while the server is busy or unreachable.
import { Problem, sleep } from "./api.js";

const activeDelay = 1000; // ms
const maxIdleDelay = 10000;
const maxErrorDelay = 60000;

// poll calls task until the signal is aborted. task returns whether something is in progress. A Problem that can't be
// retried goes to onError, which returns whether to continue.
export async function poll(task, signal, onError = () => true) {
  let wait = 0;
  for (let misses = 0; !signal.aborted;) {
    try {
      await untilVisible(signal);
      const moving = await task();
      misses = 0;
      wait = moving ? activeDelay : Math.min(maxIdleDelay, Math.max(activeDelay, wait * 1.6));
    } catch (problem) {
      if (signal.aborted || !(problem instanceof Problem)) {
        if (!signal.aborted) throw problem;
        return;
      }
      if (!problem.retryable && !onError(problem)) return;
      misses++;
      wait =
        Math.max(problem.retryAfter * 1000, Math.min(maxErrorDelay, activeDelay * 2 ** misses)) *
        (0.75 + Math.random() / 2);
    }
    await waitForNextPoll(wait, signal, misses === 0);
  }
}

// waitForNextPoll waits for some ms; if short is set, at most until the tab becomes visible.
async function waitForNextPoll(ms, signal, short) {
  const round = new AbortController();
  const both = AbortSignal.any([signal, round.signal]);
  await Promise.race([sleep(ms, both), ...(short ? [nextVisible(both)] : [])]).catch(() => {});
  round.abort();
}

// untilVisible resolves when the tab is visible.
function untilVisible(signal) {
  if (!document.hidden) return Promise.resolve();
  return nextVisible(signal);
}

// nextVisible resolves when the tab becomes visible.
function nextVisible(signal) {
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
