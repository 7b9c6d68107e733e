// Runs web/watch.js without a browser: takes {code, answers} on stdin, where answers are the statuses of the playlist,
// one after another, the last for ever, and writes what the page did: the sentences that it showed, when it asked (in ms
// since it was opened), and whether its button can be seen at the end. Time passes only while the page waits. The button
// is pressed once.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const { code, answers } = JSON.parse(readFileSync(0, 'utf8'));
const did = { said: [], asked: [], button: false, played: false };
const limit = 1000; // questions: a page that never gives up must not run for ever
let now = 0;

const element = (id) => ({
  id, hidden: true, dataset: { src: '../p/public/x/master.m3u8' }, on: {},
  set textContent(text) { this.text = text; did.said.push(text); },
  get textContent() { return this.text; },
  set src(address) { did.played = true; },
  addEventListener(name, f) { this.on[name] = f; },
  removeAttribute() {},
  canPlayType: () => 'maybe',
});
const elements = Object.fromEntries(['player', 'notice', 'spinner', 'message', 'retry'].map((id) => [id, element(id)]));

async function fetch() {
  if (did.asked.length >= limit) return new Promise(() => {});
  const status = answers[Math.min(did.asked.length, answers.length - 1)];
  did.asked.push(Math.round(now));
  if (status === 0) throw new TypeError('Failed to fetch');
  return { ok: status === 200, status, json: async () => ({ detail: `refused with ${status}` }) };
}

vm.runInNewContext(code, {
  document: { getElementById: (id) => elements[id] },
  window: {}, location: { href: 'https://example.com/watch/x' }, URL, fetch,
  Date: { now: () => now },
  setTimeout: (f, ms) => { now += ms; setImmediate(f); },
});
const button = () => !elements.retry.hidden && !elements.notice.hidden;
process.on('beforeExit', () => {
  if (did.pressed || !button()) return;
  did.pressed = did.asked.length;
  elements.retry.on.click();
});
process.on('exit', () => {
  did.button = button();
  process.stdout.write(JSON.stringify(did));
});
