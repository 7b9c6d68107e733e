// node watch.mjs URL [--rate N] [--screenshot FILE] [--timeout SECONDS]
//
// Opens a watch page in the headless Chromium at $CHROMIUM, plays its <video id="player"> muted from start to end, and
// prints a report as JSON. Exits 1, with the reason on stderr, if the video does not reach its end.
import { parseArgs } from "node:util";
import { recordPageErrors, removeQueries, withPage } from "./chrome.mjs";

const stuckAfter = 90_000; // ms without progress after which the video counts as stuck; a busy machine may decode nothing for a while

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: "string", default: "1" },
    screenshot: { type: "string" },
    timeout: { type: "string", default: "300" },
  },
});

// startPlayback runs in the page.
function startPlayback(rate) {
  const video = document.querySelector("video#player");
  const seen = (window.seen = { stalls: 0, errors: [], playing: false, began: 0 });
  const fail = () => video.error && seen.errors.push(`media error ${video.error.code}: ${video.error.message}`);
  fail();
  video.addEventListener("error", fail);
  video.addEventListener("playing", () => {
    seen.playing = true;
    seen.began ||= Date.now();
  });
  video.addEventListener("waiting", () => {
    if (seen.playing && !video.ended) seen.stalls++;
  });
  video.muted = true;
  video.loop = false;
  video.defaultPlaybackRate = video.playbackRate = rate;
  // The promise is not awaited: without data it is never settled. A page that sets the source later aborts it.
  const begin = () => video.play().catch((e) => e.name === "AbortError" || seen.errors.push(String(e)));
  video.addEventListener("loadedmetadata", begin);
  begin();
}

// readState runs in the page.
function readState() {
  const video = document.querySelector("video#player");
  const quality = video.getVideoPlaybackQuality();
  return {
    duration: Number.isFinite(video.duration) ? video.duration : 0,
    ended: video.ended,
    currentTime: video.currentTime,
    stalls: window.seen.stalls,
    began: window.seen.began,
    errors: window.seen.errors,
    frames: quality.totalVideoFrames,
    audioBytes: video.webkitAudioDecodedByteCount ?? 0,
    droppedFrames: quality.droppedVideoFrames,
    width: video.videoWidth,
    height: video.videoHeight,
  };
}

// playToEnd returns the last state of the video and, if it did not reach its end, the reason.
async function playToEnd(page, rate, until) {
  await page.evaluate(startPlayback, rate);
  for (let last = -1, moved = Date.now(); ;) {
    const now = await page.evaluate(readState);
    if (now.ended) return [now];
    if (now.errors.length > 0) return [now, now.errors[0]];
    if (now.currentTime !== last) [last, moved] = [now.currentTime, Date.now()];
    const at = `at ${now.currentTime.toFixed(1)} of ${now.duration.toFixed(1)} s`;
    if (Date.now() - moved > stuckAfter) return [now, `the video stands still ${at}`];
    if (Date.now() > until) return [now, `the video has not ended in time: it is ${at}`];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// openPage loads the page at url, whose HTML contains the player.
async function openPage(page, url) {
  const response = await page.goto(url, { waitUntil: "load", timeout: 120_000 });
  if (!response.ok()) throw new Error(`the page answered ${response.status()}`);
  if ((await page.locator("video#player").count()) === 0) throw new Error('the page has no <video id="player">');
}

async function main(url) {
  const until = Date.now() + Number(values.timeout) * 1000;
  return withPage({}, async (page) => {
    const pageErrors = recordPageErrors(page, url);
    await openPage(page, url);
    const [report, reason] = await playToEnd(page, Number(values.rate), until);
    if (values.screenshot) await page.screenshot({ path: values.screenshot });
    console.log(
      JSON.stringify({
        ...report,
        consoleErrors: pageErrors.consoleErrors,
        requestsOutsideOrigin: [...pageErrors.outside].sort(),
      }),
    );
    return reason && [...new Set([reason, ...pageErrors.consoleErrors])].join("; ");
  });
}

const reason = await main(positionals[0]).catch((e) => removeQueries(e.message.split("\n")[0]));
if (reason) {
  console.error(reason);
  process.exitCode = 1;
}
