// Runs web/watch.js without a browser: takes {code, answers, live} on stdin, where answers are the statuses of the playlist,
// one after another, the last for ever, and 299 is a 200 with a playlist of nothing; live says of each version of a media
// playlist whether it grows, for an hls.js that is made up; without it there is none. Writes what the page did: the sentences that it showed, when it asked (in ms
// since it was opened), and whether its button can be seen at the end. Time passes only while the page waits. The button
// is pressed once. Grows has each change of what says that the video does.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const { code, answers, live } = JSON.parse(readFileSync(0, "utf8"));
const did = { said: [], asked: [], button: false, played: false, grows: [] };
const limit = 1000; // questions: a page that never gives up must not run for ever
let now = 0;

const element = (id) => ({
  id,
  shown: false,
  dataset: { src: "../p/public/x/master.m3u8" },
  on: {},
  get hidden() {
    return !this.shown;
  },
  set hidden(hidden) {
    if (id === "growing" && hidden === this.shown) did.grows.push(!hidden);
    this.shown = !hidden;
  },
  set textContent(text) {
    this.text = text;
    did.said.push(text);
  },
  get textContent() {
    return this.text;
  },
  set src(address) {
    did.played = true;
  },
  addEventListener(name, f) {
    this.on[name] = f;
  },
  removeAttribute() {},
  canPlayType: () => "maybe",
});
const elements = Object.fromEntries(
  ["player", "notice", "spinner", "message", "retry", "growing"].map((id) => [id, element(id)]),
);

async function fetch() {
  if (did.asked.length >= limit) return new Promise(() => {});
  const status = answers[Math.min(did.asked.length, answers.length - 1)];
  did.asked.push(Math.round(now));
  if (status === 0) throw new TypeError("Failed to fetch");
  const text = status === 200 ? "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/index.m3u8\n" : "#EXTM3U\n";
  return { ok: status < 300, status, text: async () => text, json: async () => ({ detail: `refused with ${status}` }) };
}

class Hls {
  static Events = { MANIFEST_PARSED: "parsed", LEVEL_UPDATED: "updated", ERROR: "error" };
  static isSupported = () => true;
  on = (name, f) => {
    (this.heard ??= {})[name] = f;
  };
  destroy() {}
  attachMedia() {
    did.played = true;
    this.heard.parsed();
    for (const grows of live) this.heard.updated("updated", { details: { live: grows } });
  }
  loadSource() {}
}

vm.runInNewContext(code, {
  Hls,
  document: { getElementById: (id) => elements[id] },
  window: live ? { Hls } : {},
  location: { href: "https://example.com/watch/x" },
  URL,
  fetch,
  Date: { now: () => now },
  setTimeout: (f, ms) => {
    now += ms;
    setImmediate(f);
  },
});
const button = () => !elements.retry.hidden && !elements.notice.hidden;
process.on("beforeExit", () => {
  if (did.pressed || !button()) return;
  did.pressed = did.asked.length;
  elements.retry.on.click();
});
process.on("exit", () => {
  did.button = button();
  process.stdout.write(JSON.stringify(did));
});
