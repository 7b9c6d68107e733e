// Asks the API. The token is in this module's memory and nowhere else; it goes into a header of requests to our own
// API, never to S3, into an address or into storage.

const base = new URL("v1/", document.baseURI).href;
let token = "";

export const use = (text) => { token = text; };
export const forget = () => { token = ""; };

// Problem is why a request did not work: an RFC 9457 document of the API's, or what the browser met. Its status is 0 if
// there was no answer.
export class Problem extends Error {
  constructor({ status = 0, code = "", detail = "", errors = [], request_id = "" }, after = 0) {
    super(detail || (status ? `The server answered ${status}.` : "The server can’t be reached."));
    Object.assign(this, { status, code, flaws: errors, request: request_id, after });
  }

  // passing reports whether the same request may work in a moment.
  get passing() { return this.status === 0 || this.status === 429 || this.status >= 500; }
}

let lost = () => {}; // is told once the API does not take the token any more
export const onLost = (f) => { lost = f; };

let weather = () => {}; // is told of each answer, and of each that did not come
export const onWeather = (f) => { weather = f; };

// call asks once. `body` is sent as JSON; a POST carries a key, so that it may be sent again.
export async function call(method, path, { body, signal, key, quiet = false } = {}) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(base + path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (!quiet) weather(0);
    throw new Problem({});
  }
  if (!quiet) weather(answer.status);
  if (answer.ok) return answer.status === 204 ? null : answer.json().catch(() => null);
  const problem = new Problem({ ...(await answer.json().catch(() => ({}))), status: answer.status }, Number(answer.headers.get("Retry-After")) || 0);
  if (answer.status === 401 && token) lost(problem);
  throw problem;
}

export const get = (path, signal) => call("GET", path, { signal });

// persist asks again while it may help, a few times: what is asked must be the same thing twice.
export async function persist(method, path, options = {}, tries = 5) {
  const key = method === "POST" ? randomKey() : undefined;
  for (let n = 1; ; n++) {
    try {
      return await call(method, path, { key, ...options });
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.passing || n >= tries) throw problem;
      await pause(Math.max(problem.after * 1000, Math.min(8000, 300 * 2 ** n) * (0.5 + Math.random())), options.signal);
    }
  }
}

// randomKey works on addresses that are not https too, where crypto.randomUUID is missing.
const randomKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// pause resolves after some ms, and rejects as soon as the signal says so.
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(done, ms);
    function done() {
      signal?.removeEventListener("abort", stop);
      resolve();
    }
    function stop() {
      clearTimeout(timer);
      reject(signal.reason);
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}
