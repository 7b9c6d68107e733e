// Sends files to S3 by parts, on the addresses that the API signs. An upload goes on where it was after a failure, and
// with fresh addresses when those it has are too old.
import { Problem, pause, persist } from "./api.js";

const files = 2; // at once
const parts = 3; // of a file, at once
const tries = 5; // of a part, before a person is asked
const batch = 100; // addresses, at most, that the API signs at once

// States of an upload: queued → sending → joining → sent; or failed (can be retried), cancelling, cancelled.

// Upload sends one file. changed is called, often, after anything has changed.
export class Upload {
  constructor(file, changed) {
    Object.assign(this, { file, changed, state: "queued", video: "", problem: null, began: 0, ended: 0, sent: 0 });
    this.etags = new Map(); // by part
    this.flying = new Map(); // bytes of parts that are on their way
    this.urls = new Map();
    this.marks = []; // [time, bytes] of the last seconds
  }

  get active() { return ["queued", "sending", "joining", "cancelling"].includes(this.state); }

  // speed in bytes a second, of the last few seconds; 0 while it is not known.
  get speed() {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    return this.marks.length > 1 && last[0] > first[0] ? (last[1] - first[1]) / ((last[0] - first[0]) / 1000) : 0;
  }

  set(state, problem = null) {
    Object.assign(this, { state, problem });
    this.changed(this);
  }

  // send sends all that was not sent yet; it does not throw.
  async send() {
    this.stop = new AbortController();
    this.began ||= Date.now();
    this.marks = [];
    this.set("sending");
    try {
      if (!this.id) await (this.opening = this.open());
      const todo = Array.from({ length: this.count }, (_, i) => i + 1).filter((n) => !this.etags.has(n));
      await this.each(todo, (n) => this.part(n));
      this.set("joining");
      const list = [...this.etags].sort(([a], [b]) => a - b).map(([number, etag]) => ({ number, etag }));
      await persist("POST", `uploads/${this.id}/complete`, { body: { parts: list }, signal: this.stop.signal });
      this.ended = Date.now();
      this.set("sent");
    } catch (error) {
      this.stop.abort();
      this.flying.clear();
      if (this.state !== "cancelling" && this.state !== "cancelled") this.set("failed", error);
      if (!(error instanceof Problem) && error.name !== "AbortError") throw error;
    }
  }

  // open begins the upload. Its title is the file's name without what says the format.
  async open() {
    const { name, size, type } = this.file;
    const body = { file_name: name.slice(0, 255), size, title: name.replace(/\.[^.]{1,8}$/, "").slice(0, 200) };
    if (type) body.content_type = type;
    const made = await persist("POST", "uploads", { body }); // not stopped: who cancels must learn its id
    Object.assign(this, { id: made.upload_id, video: made.video_id, size: made.part_size, count: made.part_count });
    this.remember(made.parts);
    this.changed(this);
  }

  remember(signed) {
    for (const part of signed) this.urls.set(part.number, part.url);
  }

  // each runs work on all numbers, a few at once; the first failure ends all.
  async each(numbers, work) {
    const next = numbers.values();
    const run = async () => {
      for (const n of next) await work(n);
    };
    await Promise.all(Array.from({ length: Math.min(parts, numbers.length) }, run));
  }

  async part(n) {
    const from = (n - 1) * this.size;
    const bytes = this.file.slice(from, Math.min(from + this.size, this.file.size));
    for (let attempt = 1; ; attempt++) {
      try {
        this.etags.set(n, await this.put(await this.url(n), n, bytes));
        this.flying.delete(n);
        return this.tally();
      } catch (error) {
        this.flying.delete(n);
        this.tally();
        if (this.stop.signal.aborted || !(error instanceof Problem) || attempt >= tries) throw error;
        if (error.status === 403) this.urls.delete(n); // the address is too old
        else if (!error.passing) throw error;
        await pause(Math.min(8000, 250 * 2 ** attempt) * (0.5 + Math.random()), this.stop.signal);
      }
    }
  }

  // url returns the address of a part, and asks for those of the next ones with it.
  async url(n) {
    while (!this.urls.has(n)) {
      this.asking ??= this.sign(n).finally(() => { this.asking = null; });
      await this.asking;
    }
    return this.urls.get(n);
  }

  async sign(n) {
    const numbers = [];
    for (let i = n; i <= this.count && numbers.length < batch; i++) if (!this.etags.has(i)) numbers.push(i);
    this.remember((await persist("POST", `uploads/${this.id}/parts`, { body: { numbers }, signal: this.stop.signal })).parts);
  }

  // put sends a part and returns its ETag. Only XMLHttpRequest tells how far it is.
  put(url, n, bytes) {
    const { signal } = this.stop;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      signal.addEventListener("abort", stop, { once: true });
      request.upload.onprogress = (e) => {
        this.flying.set(n, e.loaded);
        this.tally();
      };
      request.onloadend = () => {
        signal.removeEventListener("abort", stop);
        const etag = request.getResponseHeader("ETag");
        if (signal.aborted) reject(signal.reason);
        else if (request.status === 200 && etag) resolve(etag);
        else reject(new Problem({ status: request.status, code: "part_refused", detail: refusal(request.status, n) }));
      };
      request.open("PUT", url);
      request.send(bytes);
    });
  }

  // tally adds up what has been sent.
  tally() {
    let sent = 0;
    for (const n of this.etags.keys()) sent += Math.min(this.size, this.file.size - (n - 1) * this.size);
    for (const loaded of this.flying.values()) sent += loaded;
    this.sent = Math.min(sent, this.file.size);
    const now = performance.now();
    this.marks = [...this.marks.filter(([at]) => now - at < 5000), [now, this.sent]];
    this.changed(this);
  }

  // cancel gives the upload up, here and at S3.
  async cancel() {
    this.set("cancelling");
    this.stop?.abort();
    try {
      await this.opening?.catch(() => {});
      if (this.id) await persist("DELETE", `uploads/${this.id}`);
      this.set("cancelled");
    } catch (problem) {
      this.set("failed", problem);
    }
  }
}

function refusal(status, n) {
  if (status === 0) return `Part ${n} could not be sent: the connection was lost, or S3 does not let this page in.`;
  if (status === 200) return `Part ${n} was sent, but S3 does not show its ETag to this page: see cors_origins.`;
  return `S3 answered part ${n} with ${status}.`;
}

// Queue sends uploads a few at a time.
export class Queue {
  constructor() { this.waiting = []; this.running = 0; }

  add(upload) {
    this.waiting.push(upload);
    this.next();
  }

  next() {
    while (this.running < files && this.waiting.length) {
      const upload = this.waiting.shift();
      if (upload.state !== "queued") continue;
      this.running++;
      upload.send().finally(() => { this.running--; this.next(); });
    }
  }
}
