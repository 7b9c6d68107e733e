// Actions and checks that the scenes of the studio share, and the arguments of studio.mjs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";

export const {
  values,
  positionals: [url, scene],
} = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: "string" },
    shots: { type: "string" },
    width: { type: "string", default: "1280" },
    dark: { type: "boolean", default: false },
    timeout: { type: "string", default: "30" },
  },
});
export const token = process.env.TOKEN;
export const timeoutMs = Number(values.timeout) * 1000;
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export const button = (page, name) => page.getByRole("button", { name, exact: typeof name === "string" });

export async function enterToken(page, words = token) {
  await page.goto(url);
  await page.getByLabel("API token").fill(words);
  await page.keyboard.press("Enter");
}

// openVideoList signs in and waits for the list of videos.
export async function openVideoList(page) {
  await enterToken(page);
  await page.getByRole("heading", { name: "All videos" }).waitFor();
}

export const chooseFiles = (page, files) => page.locator("input[type=file]").setInputFiles(files);
// uploadRow returns row n of the list of uploads.
export const uploadRow = (page, n = 0) => page.locator(".uploads > li").nth(n);

// checkAccessibility runs axe on the current view and checks that the view is not wider than the window.
export async function checkAccessibility(page) {
  await page.evaluate(await readFile(axe, "utf8"));
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const found = violations.flatMap((v) =>
    v.nodes.map(
      (n) =>
        `${v.id}: ${n.target.join(" ")}: ${n.any
          .concat(n.all, n.none)
          .map((c) => c.message)
          .join("; ")}`,
    ),
  );
  assert.deepEqual(found, [], `axe at ${page.url()}`);
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide[0] <= wide[1], `${page.url()} is ${wide[0]} px wide, but the window ${wide[1]}`);
}

export async function takeScreenshot(page, name) {
  if (!values.shots) return;
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({
    path: join(values.shots, `${name}-${values.width}-${values.dark ? "dark" : "light"}.png`),
    fullPage: true,
  });
}

// pressPlay runs in the page and starts playback once. waitUntilPlaying waits until playback has advanced.
export const pressPlay = (video) => {
  video.muted = true;
  video.play().catch(() => {});
};

export async function waitUntilPlaying(page) {
  await page.waitForFunction(() => document.querySelector("video").currentTime > 0.8, null, { timeout: timeoutMs });
}

// fakeFile returns a file of some bytes that is no video.
export const fakeFile = (name, bytes = 9) => ({ name, mimeType: "video/mp4", buffer: Buffer.alloc(bytes) });
