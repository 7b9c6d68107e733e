// Scenes for the studio of the fake server of package studio_test.
import assert from "node:assert/strict";
import {
  checkAccessibility,
  button,
  chooseFiles,
  fakeFile,
  openVideoList,
  timeoutMs,
  waitUntilPlaying,
  pressPlay,
  takeScreenshot,
  url,
  uploadRow,
} from "./actions.mjs";

// operatorPages visits the map and the dead letters, discards one and redrives the others.
export async function operatorPages(page) {
  await openVideoList(page);
  await page.getByRole("link", { name: "Map" }).click();
  await page.getByRole("heading", { name: "Queues" }).waitFor();
  assert.ok((await page.locator(".map svg .node").count()) > 10);
  assert.ok((await page.getByRole("row", { name: /^encode, bulk/ }).count()) > 0);
  await checkAccessibility(page);
  await takeScreenshot(page, "map");
  await page.getByRole("link", { name: "Dead letters" }).first().click();
  await page.getByRole("heading", { level: 1, name: "Dead letters" }).waitFor();
  const deadLetters = page.locator(".letters > li");
  await deadLetters.first().waitFor();
  const count = await deadLetters.count();
  await checkAccessibility(page);
  await takeScreenshot(page, "letters");
  await deadLetters.first().getByRole("link").click();
  await page.getByText('"specversion"').waitFor();
  await checkAccessibility(page);
  await takeScreenshot(page, "letter");
  await button(page, "Discard…").click();
  await page.getByRole("textbox", { name: "Why" }).fill("sent by a test");
  await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await page.getByText("It was discarded. sent by a test").waitFor();
  await page.getByRole("link", { name: "Dead letters" }).first().click();
  await deadLetters.first().getByRole("link").click();
  await button(page, "Send again").click();
  await page.getByText("It was sent again.").waitFor();
  await page.getByRole("link", { name: "Dead letters" }).first().click();
  await deadLetters.first().waitFor();
  assert.equal(await deadLetters.count(), count - 2);
  await page.getByLabel("Service").selectOption("encode");
  await button(page, "Send all of encode again").click();
  await button(page, "Send again").click();
  await page.getByText("No message to encode is dead").waitFor();
  return {};
}

// allViews visits every view, for axe and for screenshots.
export async function allViews(page) {
  await page.goto(url);
  await page.getByText("How do I get a token?").click();
  await checkAccessibility(page);
  await takeScreenshot(page, "token");
  await openVideoList(page);
  await page.locator(".videos .title").first().waitFor();
  await checkAccessibility(page);
  await takeScreenshot(page, "home");
  await chooseFiles(page, [
    fakeFile("Harbour at dusk.mp4", 5 << 20),
    fakeFile("A very long file name of somebody who likes to say in it all that there is to say.mov", 2 << 20),
  ]);
  await page
    .getByText(/of 9 parts$/)
    .first()
    .waitFor();
  await checkAccessibility(page);
  await takeScreenshot(page, "working");
  await page.getByLabel("or have one fetched").fill("ftp:nothing");
  await button(page, "Fetch").click();
  await page.getByText("Give an address that begins").waitFor();
  await uploadRow(page)
    .getByRole("link", { name: /^Watch / })
    .waitFor();
  await checkAccessibility(page);
  await page.locator(".videos .title", { hasText: "The last tide" }).click();
  await page.getByRole("heading", { name: "Trace" }).waitFor();
  const timeline = (await page.locator(".timeline > li .what").allInnerTexts()).map((words) =>
    words.replace(/\s+/g, " "),
  );
  assert.deepEqual(timeline, [
    "Created",
    "Uploaded The file is there",
    "Processing Inspected and planned",
    "3 parts encoded",
    "Playable Enough is there to begin",
    "6 parts encoded",
    "Ready All parts are there",
  ]);
  await button(page, "Steps of encode").first().click();
  await page.getByText("ffmpeg").first().waitFor();
  await checkAccessibility(page);
  await takeScreenshot(page, "made");
  await button(page, "Delete video").click();
  await checkAccessibility(page);
  await takeScreenshot(page, "delete");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Videos" }).first().click();
  await page.locator(".videos .title", { hasText: "Cut short" }).click();
  await page.getByRole("link", { name: /truncated/ }).waitFor();
  await checkAccessibility(page);
  await takeScreenshot(page, "failed");
  await page.getByRole("link", { name: /truncated/ }).click();
  await page.locator(".highlighted").waitFor();
  await checkAccessibility(page);
  return { expected: ["422", "404"] };
}

// growingVideo plays a video from the state playable on until it is ready; the focus must stay where it is. It presses play
// just before the player is attached to the video, which must work too.
export async function growingVideo(page) {
  await page.route(/hls\.min\.js/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({
      response,
      body: `${await response.text()}; (${pressPlay})(document.querySelector('video'))`,
    });
  });
  await openVideoList(page);
  await chooseFiles(page, fakeFile("Growing.mp4"));
  await uploadRow(page).getByText("Playable").waitFor({ timeout: timeoutMs });
  await uploadRow(page).getByRole("link", { name: "Watch Growing" }).click();
  await page.locator("video").evaluate((v) => {
    window.seen = [];
    for (const kind of ["waiting", "emptied", "error"])
      v.addEventListener(
        kind,
        () => v.played.length > 0 && !v.ended && window.seen.push(`${kind} at ${v.currentTime}`),
      );
  });
  await waitUntilPlaying(page);
  const state = page.locator(".sub");
  await state.getByText(/^0:0\d of .* so far$/).waitFor();
  assert.match(await state.innerText(), /^Playable/);
  await button(page, "Steps of encode").first().focus();
  await state.getByText("Ready").waitFor({ timeout: timeoutMs });
  assert.equal(
    await page.evaluate(() => document.activeElement.getAttribute("aria-label")),
    "Steps of encode",
    "the focus was lost",
  );
  await page.waitForFunction(() => document.querySelector("video").ended, null, { timeout: timeoutMs });
  assert.deepEqual(
    await page.evaluate(() => [Math.round(document.querySelector("video").duration), ...window.seen]),
    [12],
  );
  return {};
}

// retryParts has a part that fails a few times, and one that fails until the user retries it.
export async function retryParts(page) {
  await openVideoList(page);
  await chooseFiles(page, fakeFile("Stubborn.mp4", 3 << 20));
  const retry = button(page, "Retry Stubborn.mp4");
  await retry.waitFor({ timeout: timeoutMs });
  await uploadRow(page).getByText("S3 answered part 3 with 503").waitFor();
  await fetch(new URL("heal", url), { method: "POST" });
  await retry.click();
  await uploadRow(page)
    .getByRole("link", { name: /^Watch / })
    .waitFor({ timeout: timeoutMs });
  return { expected: ["503", "404"] };
}

// videoListPages loads the next page of the list and filters the list.
export async function videoListPages(page) {
  await openVideoList(page);
  const titles = page.locator(".videos .title");
  await titles.nth(19).waitFor();
  assert.equal(await titles.count(), 20);
  await button(page, "Show more").click();
  await titles.nth(24).waitFor();
  assert.equal(await titles.count(), 25);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), await titles.nth(20).innerText());
  assert.equal(await button(page, "Show more").isVisible(), false);
  await page.getByLabel("Show", { exact: true }).selectOption("failed");
  await page.waitForFunction(() => document.querySelectorAll(".videos .title").length === 5);
  await page.getByLabel("Show", { exact: true }).selectOption("cancelled");
  await page.getByText("No video is in the state “Cancelled”.").waitFor();
  return {};
}

// droppedFiles drops two files onto the page.
export async function droppedFiles(page) {
  await openVideoList(page);
  const drop = await page.evaluateHandle(() => {
    const all = new DataTransfer();
    for (const name of ["one.mp4", "two.mov"]) all.items.add(new File(["film"], name, { type: "video/mp4" }));
    return all;
  });
  await page.dispatchEvent(".upload-area", "dragenter", { dataTransfer: drop });
  await page.locator(".upload-area.over").waitFor();
  await page.dispatchEvent(".all", "drop", { dataTransfer: drop });
  await uploadRow(page, 1)
    .getByRole("link", { name: /^Watch / })
    .waitFor({ timeout: timeoutMs });
  assert.equal(await page.locator(".upload-area.over").count(), 0);
  return {};
}

// revokedToken revokes the token while it is used.
export async function revokedToken(page) {
  await openVideoList(page);
  await fetch(new URL("revoke", url), { method: "POST" });
  await page.getByText("The token is not taken any more").waitFor({ timeout: timeoutMs });
  assert.equal(await page.locator("#top").isVisible(), false);
  return { expected: ["401"] };
}

// readOnlyToken checks the views for a token that can only read.
export async function readOnlyToken(page) {
  await openVideoList(page);
  await page.getByText("This token lacks the scope videos:write").waitFor();
  assert.equal(await page.locator("input[type=file]").count(), 0);
  assert.equal(await page.getByRole("link", { name: "Map" }).count(), 0);
  await page.locator(".videos .title").first().click();
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  assert.equal(await button(page, /Rename|Delete/).count(), 0);
  await page.evaluate(() => {
    location.hash = "#/map";
  });
  await page.getByText("This token lacks the scope operator").waitFor();
  return { expected: ["404"] };
}

// limitedPolling counts requests while nothing changes, in a hidden tab, and while the API is throttling.
export async function limitedPolling(page) {
  const asked = [];
  page.on("request", (r) => r.url().includes("/v1/videos") && asked.push(Date.now()));
  const during = async (ms) => {
    const before = asked.length;
    await page.waitForTimeout(ms);
    return asked.length - before;
  };
  const hide = (hidden) =>
    page.evaluate((now) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => now });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await openVideoList(page);
  const idle = await during(9000);
  await hide(true);
  await during(1000); // requests that had started
  const hidden = await during(12000);
  const before = asked.length;
  await hide(false);
  await during(1000);
  const back = asked.length - before;
  await fetch(new URL("busy", url), { method: "POST" });
  await chooseFiles(page, fakeFile("Busy.mp4", 2 << 20));
  await page.getByText("The API is busy").waitFor();
  const busy = await during(6000);
  await uploadRow(page)
    .getByRole("link", { name: /^Watch / })
    .waitFor({ timeout: timeoutMs });
  assert.ok(idle >= 2 && idle <= 6, `${idle} requests in 9 s without changes`);
  assert.equal(hidden, 0, "requests in a hidden tab");
  assert.ok(back >= 1, "no request when the tab is visible again");
  assert.ok(busy <= 14, `${busy} requests in 6 s while the API is throttling`);
  return { expected: ["429"] };
}
