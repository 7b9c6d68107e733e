// Starts the headless Chromium at $CHROMIUM and records errors and requests of a page.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const flags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

// removeQueries removes the queries, which may be signatures, from the URLs in a text.
export const removeQueries = (text) => text.replace(/(https?:\/\/[^\s?]+)\?\S*/g, "$1");

// recordPageErrors records console errors and requests to other origins.
export function recordPageErrors(page, url) {
  const origin = new URL(url).origin;
  const consoleErrors = [];
  const outside = new Set();
  page.on(
    "console",
    (m) => m.type() === "error" && consoleErrors.push(removeQueries(`${m.text()} ${m.location().url}`.trim())),
  );
  page.on("pageerror", (e) => consoleErrors.push(removeQueries(String(e))));
  page.on("request", (r) => {
    const to = new URL(r.url());
    if (/^https?:$/.test(to.protocol) && to.origin !== origin) outside.add(to.origin + to.pathname);
  });
  return { consoleErrors, outside };
}

// withPage calls use with a page of a new browser, and then closes the browser.
export async function withPage(options, use) {
  const profile = await mkdtemp(join(tmpdir(), "sluice-browser-"));
  let browser;
  try {
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM,
      headless: true,
      chromiumSandbox: false,
      args: flags,
      viewport: { width: 1280, height: 720 },
      ...options,
    });
    const page = browser.pages()[0] ?? (await browser.newPage());
    const crash = new Promise((_, reject) => page.on("crash", () => reject(new Error("the page crashed"))));
    return await Promise.race([use(page), crash]);
  } finally {
    await browser?.close();
    await rm(profile, { recursive: true, force: true });
  }
}
