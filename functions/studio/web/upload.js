// Uploads files to S3 in parts, to URLs that the API signs. After a failure, an upload continues with the missing
// parts, and with new URLs if the old ones have expired.
import { Problem, sleep, requestWithRetry } from "./api.js";

const maxUploads = 2; // in parallel
const maxParts = 3; // of a file, in parallel
const maxAttempts = 5; // of a part, before the user must retry
const maxURLs = 100; // per request

// States of an upload: queued → sending → joining → sent; or failed (can be retried), cancelling, cancelled.

// Upload uploads one file. onChange is called often, after each change.
export class Upload {
  constructor(file, onChange) {
    Object.assign(this, { file, onChange, state: "queued", video: "", problem: null, began: 0, ended: 0, sent: 0 });
    this.etags = new Map(); // by part
    this.inFlightBytes = new Map(); // sent bytes of parts in flight
    this.urls = new Map();
    this.speedSamples = []; // [time in ms, bytes] of the last 5 s
  }

  get active() {
    return ["queued", "sending", "joining", "cancelling"].includes(this.state);
  }

  // speed is in bytes/s over the last 5 s; 0 while unknown.
  get speed() {
    const [first, last] = [this.speedSamples[0], this.speedSamples.at(-1)];
    return this.speedSamples.length > 1 && last[0] > first[0]
      ? (last[1] - first[1]) / ((last[0] - first[0]) / 1000)
      : 0;
  }

  set(state, problem = null) {
    Object.assign(this, { state, problem });
    this.onChange(this);
  }

  // send sends the parts that are missing and completes the upload. It reports errors in the state.
  async send() {
    this.stop = new AbortController();
    this.began ||= Date.now();
    this.speedSamples = [];
    this.set("sending");
    try {
      if (!this.id) await (this.opening = this.createUpload());
      const todo = Array.from({ length: this.count }, (_, i) => i + 1).filter((n) => !this.etags.has(n));
      await this.runConcurrently(todo, (n) => this.sendPart(n));
      this.set("joining");
      const list = [...this.etags].sort(([a], [b]) => a - b).map(([number, etag]) => ({ number, etag }));
      await requestWithRetry("POST", `uploads/${this.id}/complete`, {
        body: { parts: list },
        signal: this.stop.signal,
      });
      this.ended = Date.now();
      this.set("sent");
    } catch (error) {
      this.stop.abort();
      this.inFlightBytes.clear();
      if (this.state !== "cancelling" && this.state !== "cancelled") this.set("failed", error);
      if (!(error instanceof Problem) && error.name !== "AbortError") throw error;
    }
  }

  // createUpload creates the upload. The title is the file's name without its extension.
  async createUpload() {
    const { name, size, type } = this.file;
    const body = { file_name: name.slice(0, 255), size, title: name.replace(/\.[^.]{1,8}$/, "").slice(0, 200) };
    if (type) body.content_type = type;
    const made = await requestWithRetry("POST", "uploads", { body }); // without the signal: cancel needs its id
    Object.assign(this, { id: made.upload_id, video: made.video_id, size: made.part_size, count: made.part_count });
    this.storeURLs(made.parts);
    this.onChange(this);
  }

  storeURLs(signed) {
    for (const part of signed) this.urls.set(part.number, part.url);
  }

  // runConcurrently runs work for all numbers, a few in parallel, until one fails.
  async runConcurrently(numbers, work) {
    const next = numbers.values();
    const run = async () => {
      for (const n of next) await work(n);
    };
    await Promise.all(Array.from({ length: Math.min(maxParts, numbers.length) }, run));
  }

  async sendPart(n) {
    const from = (n - 1) * this.size;
    const bytes = this.file.slice(from, Math.min(from + this.size, this.file.size));
    for (let attempt = 1; ; attempt++) {
      try {
        this.etags.set(n, await this.putPart(await this.partURL(n), n, bytes));
        this.inFlightBytes.delete(n);
        return this.updateProgress();
      } catch (error) {
        this.inFlightBytes.delete(n);
        this.updateProgress();
        if (this.stop.signal.aborted || !(error instanceof Problem) || attempt >= maxAttempts) throw error;
        if (error.status === 403)
          this.urls.delete(n); // the URL has expired
        else if (!error.retryable) throw error;
        await sleep(Math.min(8000, 250 * 2 ** attempt) * (0.5 + Math.random()), this.stop.signal);
      }
    }
  }

  // partURL returns the URL of a part, and requests those of the next parts with it.
  async partURL(n) {
    while (!this.urls.has(n)) {
      this.signing ??= this.signParts(n).finally(() => {
        this.signing = null;
      });
      await this.signing;
    }
    return this.urls.get(n);
  }

  async signParts(n) {
    const numbers = [];
    for (let i = n; i <= this.count && numbers.length < maxURLs; i++) if (!this.etags.has(i)) numbers.push(i);
    this.storeURLs(
      (await requestWithRetry("POST", `uploads/${this.id}/parts`, { body: { numbers }, signal: this.stop.signal }))
        .parts,
    );
  }

  // putPart sends a part and returns its ETag. Only XMLHttpRequest reports the progress.
  putPart(url, n, bytes) {
    const { signal } = this.stop;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      signal.addEventListener("abort", stop, { once: true });
      request.upload.onprogress = (e) => {
        this.inFlightBytes.set(n, e.loaded);
        this.updateProgress();
      };
      request.onloadend = () => {
        signal.removeEventListener("abort", stop);
        const etag = request.getResponseHeader("ETag");
        if (signal.aborted) reject(signal.reason);
        else if (request.status === 200 && etag) resolve(etag);
        else
          reject(
            new Problem({ status: request.status, code: "part_refused", detail: describePartError(request.status, n) }),
          );
      };
      request.open("PUT", url);
      request.send(bytes);
    });
  }

  // updateProgress adds up the sent bytes.
  updateProgress() {
    let sent = 0;
    for (const n of this.etags.keys()) sent += Math.min(this.size, this.file.size - (n - 1) * this.size);
    for (const loaded of this.inFlightBytes.values()) sent += loaded;
    this.sent = Math.min(sent, this.file.size);
    const now = performance.now();
    this.speedSamples = [...this.speedSamples.filter(([at]) => now - at < 5000), [now, this.sent]];
    this.onChange(this);
  }

  // cancel cancels the upload, also in the API.
  async cancel() {
    this.set("cancelling");
    this.stop?.abort();
    try {
      await this.opening?.catch(() => {});
      if (this.id) await requestWithRetry("DELETE", `uploads/${this.id}`);
      this.set("cancelled");
    } catch (problem) {
      this.set("failed", problem);
    }
  }
}

function describePartError(status, n) {
  if (status === 0) return `Part ${n} could not be sent: the connection was lost, or S3 does not let this page in.`;
  if (status === 200) return `Part ${n} was sent, but S3 does not show its ETag to this page: see cors_origins.`;
  return `S3 answered part ${n} with ${status}.`;
}

// Queue sends a few uploads at a time.
export class Queue {
  constructor() {
    this.waiting = [];
    this.running = 0;
  }

  add(upload) {
    this.waiting.push(upload);
    this.next();
  }

  next() {
    while (this.running < maxUploads && this.waiting.length) {
      const upload = this.waiting.shift();
      if (upload.state !== "queued") continue;
      this.running++;
      upload.send().finally(() => {
        this.running--;
        this.next();
      });
    }
  }
}
