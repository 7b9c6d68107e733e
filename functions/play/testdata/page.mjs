// Runs web/watch.js without a browser. stdin has {code, answers, live}: answers are the statuses of the requests of the
// playlist, one after another, then always the last (299 is 200 with an empty playlist); live lists, for each update of
// the media playlist by a fake hls.js, whether the video is still processed; without it there is no hls.js. Writes what
// the page did as JSON: its messages, the times of its requests (ms since it was opened), whether the button is visible
// at the end, and the changes of the hint that the video is still processed. Time passes only while the page waits. The
// button is pressed once.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const { code, answers, live } = JSON.parse(readFileSync(0, "utf8"));
const record = { said: [], asked: [], button: false, played: false, grows: [] };
const maxRequests = 1000; // a page that never gives up must end
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
    if (id === "growing" && hidden === this.shown) record.grows.push(!hidden);
    this.shown = !hidden;
  },
  set textContent(text) {
    this.text = text;
    record.said.push(text);
  },
  get textContent() {
    return this.text;
  },
  set src(address) {
    record.played = true;
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
  if (record.asked.length >= maxRequests) return new Promise(() => {});
  const status = answers[Math.min(record.asked.length, answers.length - 1)];
  record.asked.push(Math.round(now));
  if (status === 0) throw new TypeError("Failed to fetch");
  const text = status === 200 ? "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/index.m3u8\n" : "#EXTM3U\n";
  return { ok: status < 300, status, text: async () => text, json: async () => ({ detail: `refused with ${status}` }) };
}

class Hls {
  static Events = { MANIFEST_PARSED: "parsed", LEVEL_UPDATED: "updated", ERROR: "error" };
  static isSupported = () => true;
  on = (name, f) => {
    (this.handlers ??= {})[name] = f;
  };
  destroy() {}
  attachMedia() {
    record.played = true;
    this.handlers.parsed();
    for (const grows of live) this.handlers.updated("updated", { details: { live: grows } });
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
  if (record.pressed || !button()) return;
  record.pressed = record.asked.length;
  elements.retry.on.click();
});
process.on("exit", () => {
  record.button = button();
  process.stdout.write(JSON.stringify(record));
});
