// Requests to the API. The token is stored in this module only. It is sent in a header of requests to our own API,
// never to S3, in a URL or to the browser's storage.

const base = new URL("v1/", document.baseURI).href;
let token = "";

export const setToken = (text) => {
  token = text;
};
export const clearToken = () => {
  token = "";
};

// Problem is the error of a request: the API's problem document (RFC 9457), or with status 0 if there was no response.
// retryAfter is in seconds.
export class Problem extends Error {
  constructor({ status = 0, code = "", detail = "", errors = [], request_id = "" }, retryAfter = 0) {
    super(detail || (status ? `The server answered ${status}.` : "The server can’t be reached."));
    Object.assign(this, { status, code, fieldErrors: errors, requestID: request_id, retryAfter });
  }

  // retryable reports whether the same request may succeed later.
  get retryable() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let tokenRejected = () => {}; // called when the API rejects the token
export const onTokenRejected = (f) => {
  tokenRejected = f;
};

let responseStatus = () => {}; // called with the status of each response, 0 if there was none
export const onResponseStatus = (f) => {
  responseStatus = f;
};

// request sends a request and returns the JSON of the response. body is sent as JSON, key as the Idempotency-Key. It
// throws a Problem, or the signal's reason.
export async function request(method, path, { body, signal, key, quiet = false } = {}) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(base + path, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (!quiet) responseStatus(0);
    throw new Problem({});
  }
  if (!quiet) responseStatus(answer.status);
  if (answer.ok) return answer.status === 204 ? null : answer.json().catch(() => null);
  const problem = new Problem(
    { ...(await answer.json().catch(() => ({}))), status: answer.status },
    Number(answer.headers.get("Retry-After")) || 0,
  );
  if (answer.status === 401 && token) tokenRejected(problem);
  throw problem;
}

export const get = (path, signal) => request("GET", path, { signal });

// requestWithRetry sends an idempotent request until it succeeds or fails for good, a few times.
export async function requestWithRetry(method, path, options = {}, tries = 5) {
  const key = method === "POST" ? randomKey() : undefined;
  for (let n = 1; ; n++) {
    try {
      return await request(method, path, { key, ...options });
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.retryable || n >= tries) throw problem;
      await sleep(
        Math.max(problem.retryAfter * 1000, Math.min(8000, 300 * 2 ** n) * (0.5 + Math.random())),
        options.signal,
      );
    }
  }
}

// randomKey also works on pages without https, where crypto.randomUUID is missing.
const randomKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// sleep resolves after some ms, and rejects when the signal is aborted.
export function sleep(ms, signal) {
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
