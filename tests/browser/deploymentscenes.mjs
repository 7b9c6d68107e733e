// Scenes for the studio of a deployed Sluice or of the fake server of package studio_test.
import assert from "node:assert/strict";
import { basename, extname } from "node:path";
import { gzipSync } from "node:zlib";
import {
  checkAccessibility,
  button,
  chooseFiles,
  enterToken,
  fakeFile,
  openVideoList,
  timeoutMs,
  waitUntilPlaying,
  pressPlay,
  takeScreenshot,
  token,
  url,
  values,
  uploadRow,
} from "./actions.mjs";

// tokenSecrecy checks that wrong tokens have different messages, and that a valid token is kept in memory only.
export async function tokenSecrecy(page) {
  await enterToken(page, "hello");
  await page.getByText("This is no token").waitFor();
  await enterToken(page, "slc_aaaa_bbbb");
  await page.getByText("The API does not take this token").waitFor();
  await openVideoList(page);
  const kept = await page.evaluate(async () =>
    JSON.stringify([
      location.href,
      document.cookie,
      { ...localStorage },
      { ...sessionStorage },
      await indexedDB.databases(),
      await caches.keys(),
      document.documentElement.outerHTML,
      performance.getEntriesByType("resource").map((r) => r.name),
      history.state,
    ]),
  );
  assert.ok(!kept.includes(token), "the token is in the page");
  await page.reload();
  await page.getByLabel("API token").waitFor();
  return { expected: ["401"] };
}

// uploadFile uploads a file and waits until it plays.
export async function uploadFile(page) {
  await openVideoList(page);
  await chooseFiles(page, values.file);
  const began = Date.now(),
    seen = new Set();
  const watch = uploadRow(page).getByRole("link", { name: /^Watch / });
  for (let now = ""; now !== "Ready";) {
    assert.ok(Date.now() - began < timeoutMs, `not ready in time: ${await uploadRow(page).innerText()}`);
    now = (await uploadRow(page).locator(".count").innerText()).replace(/^[\d.,]+ [kM]?B of .*/, "sending");
    seen.add(now);
    await page.waitForTimeout(50);
  }
  const seconds = (Date.now() - began) / 1000;
  await takeScreenshot(page, "uploaded");
  await watch.click();
  await page.getByRole("heading", { level: 1, name: basename(values.file, extname(values.file)) }).waitFor();
  await page.locator("video").evaluate(pressPlay);
  await waitUntilPlaying(page);
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  await page.getByText("+", { exact: false }).first().waitFor();
  await page.getByRole("heading", { name: "Trace" }).waitFor({ timeout: timeoutMs });
  const spans = await page.locator(".waterfall tbody tr").count();
  await takeScreenshot(page, "video");
  await checkAccessibility(page);
  return { seen: [...seen], seconds, spans };
}

// cancelUpload cancels an upload while its parts are blocked.
export async function cancelUpload(page) {
  await openVideoList(page);
  await page.route("**", (route) => (route.request().method() === "PUT" ? undefined : route.fallback()));
  await chooseFiles(page, fakeFile("long.mp4", 3 << 20));
  const held = await page.waitForRequest((r) => r.method() === "PUT");
  assert.equal(await held.headerValue("authorization"), null, "the token is sent to S3");
  const gone = page.waitForResponse((r) => r.request().method() === "DELETE" && r.url().includes("/uploads/"));
  await button(page, "Cancel long.mp4").click();
  assert.equal((await gone).status(), 204);
  await uploadRow(page).getByText("Cancelled").waitFor();
  await button(page, "Clear long.mp4").click();
  await uploadRow(page).waitFor({ state: "detached" });
  return {};
}

// hostileNames checks that names and titles with markup are shown as text.
export async function hostileNames(page) {
  const name = "<img src=x onerror=window.pwned=1>\"'><script>window.pwned=1</script>";
  await openVideoList(page);
  await chooseFiles(page, {
    name: name + ".mp4",
    mimeType: "video/mp4",
    buffer: Buffer.from("<script>window.pwned=1</script>"),
  });
  await uploadRow(page).getByText(name).waitFor();
  const title = page.locator(".videos .title", { hasText: "window.pwned" }).first();
  await title.waitFor({ timeout: timeoutMs });
  await title.click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await button(page, "Rename").click();
  await page.getByLabel("Title").fill(`${name}</h1><svg onload=window.pwned=1>`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "</h1><svg" }).waitFor();
  await page.goto(`${url}#/videos/${encodeURIComponent('"><img src=x onerror=window.pwned=1>')}`);
  await page.goto(`${url}#/codes/${encodeURIComponent("<img src=x onerror=window.pwned=1>")}`);
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator('img[src="x"]').count(), 0);
  const refused = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<b>";
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(refused, "text can become markup");
  return { expected: ["404", "TrustedHTML", "422"] };
}

// keyboardOnly uploads, renames and deletes a video without a mouse.
export async function keyboardOnly(page) {
  const press = (...keys) =>
    keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const focused = () =>
    page.evaluate(() => {
      const e = document.activeElement;
      return (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent || e.tagName).trim();
    });
  const to = async (name) => {
    for (let i = 0; i < 60; i++) {
      if (name.test(await focused())) {
        const outlined = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none");
        assert.ok(outlined, `${name} does not show that it has the focus`);
        return;
      }
      await press("Tab");
    }
    assert.fail(`Tab does not come to ${name}`);
  };
  await page.goto(url);
  await to(/API token/);
  await page.keyboard.type(token);
  await press("Enter");
  await page.getByRole("heading", { name: "All videos" }).waitFor();
  const chooser = page.waitForEvent("filechooser");
  await to(/Choose files/);
  await press("Enter");
  await (await chooser).setFiles(fakeFile("by keyboard.mp4"));
  await page.locator(".videos .title", { hasText: "by keyboard" }).first().waitFor({ timeout: timeoutMs });
  await page.locator("h1").focus();
  await to(/^by keyboard$/);
  await press("Enter");
  await page.getByRole("heading", { level: 1, name: "by keyboard" }).waitFor();
  assert.equal(await focused(), "by keyboard", "the heading has the focus");
  await to(/^Rename$/);
  await press("Enter");
  await page.keyboard.type("Renamed");
  await press("Enter");
  await page.getByRole("heading", { level: 1, name: "Renamed" }).waitFor();
  assert.equal(await focused(), "Rename", "the focus returns");
  await to(/Delete video/);
  await press("Enter");
  await page.getByRole("dialog", { name: "Delete this video?" }).waitFor();
  assert.equal(await focused(), "Cancel", "the harmless button has the focus");
  await press("Escape");
  assert.equal(await focused(), "Delete video", "the focus returns");
  await press("Enter", "Tab", "Enter");
  await page.getByRole("heading", { name: "All videos" }).waitFor();
  return { expected: ["404"] }; // the file is no video, so it has no playlist
}

// firstViewSize returns the compressed sizes of the files before and after the token is entered.
export async function firstViewSize(page) {
  const sizes = {};
  page.on("response", async (r) => {
    if (r.request().method() === "GET" && !r.url().includes("/v1/"))
      sizes[r.url().replace(/.*\//, "")] = gzipSync(await r.body().catch(() => "")).length;
  });
  await page.goto(url, { waitUntil: "networkidle" });
  const first = { ...sizes };
  await openVideoList(page);
  await page.waitForLoadState("networkidle");
  return { first, sizes };
}
