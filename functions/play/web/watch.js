// Plays the page's video as soon as it is playable, also while it is still processed. Until the master playlist exists,
// the page requests it, with increasing pauses. The page can't know whether a video has failed before it was playable
// or does not exist: it gives up after five minutes. The master playlist of a video that failed later lists no
// rendition.
"use strict";

const firstPause = 2000; // ms
const lastPause = 15000; // ms
const pauseFactor = 1.25; // from one pause to the next
const maxWait = 5 * 60 * 1000; // ms after the first 404
const player = document.getElementById("player");
const notice = document.getElementById("notice");
const spinner = document.getElementById("spinner");
const message = document.getElementById("message");
const retry = document.getElementById("retry");
const growing = document.getElementById("growing");
const source = new URL(player.dataset.src, location.href).href;
let hls;

function showMessage(text, busy) {
  if (message.textContent !== text) message.textContent = text; // screen readers read each text once
  spinner.hidden = !busy;
  retry.hidden = busy;
  notice.hidden = text === "";
  player.inert = !notice.hidden; // covered controls must not get the focus
}

function stopWithMessage(text) {
  if (hls) hls.destroy();
  hls = undefined;
  growing.hidden = true;
  showMessage(text, false);
}

// checkPlaylist requests the master playlist and returns "ready", "missing" or "wait", or the message to stop with.
async function checkPlaylist() {
  let response;
  try {
    response = await fetch(source, { cache: "no-store" });
  } catch {
    showMessage("The server can’t be reached. Trying again…", true);
    return "wait";
  }
  if (response.ok) {
    const text = await response.text().catch(() => "");
    return text.includes("#EXT-X-STREAM-INF:") ? "ready" : "This video could not be processed to its end.";
  }
  if (response.status === 404) {
    showMessage("This video is still being processed. It will be here as soon as it can be watched.", true);
    return "missing";
  }
  if (response.status >= 500 || response.status === 429) {
    showMessage("The server is busy. Trying again…", true);
    return "wait";
  }
  const problem = await response.json().catch(() => ({}));
  return problem.detail || `This video can’t be played (${response.status}).`;
}

async function waitForPlaylist() {
  showMessage("Loading…", true);
  let end; // set at the first 404
  for (let pause = firstPause; ; pause = Math.min(pause * pauseFactor, lastPause)) {
    const state = await checkPlaylist();
    if (state === "ready") return startPlayback();
    if (state === "missing") {
      end ??= Date.now() + maxWait;
      if (Date.now() >= end)
        return stopWithMessage("There is no such video, or it failed, or it takes longer than usual.");
    } else if (state !== "wait") return stopWithMessage(state);
    await new Promise((done) => setTimeout(done, pause));
  }
}

function startPlayback() {
  if (window.Hls && Hls.isSupported()) return startHLS();
  if (!player.canPlayType("application/vnd.apple.mpegurl"))
    return stopWithMessage("This browser can’t play the video.");
  player.src = source; // Safari on phones plays HLS natively
  showMessage("", false);
}

function startHLS() {
  let repairs = 2; // of decoding errors, before giving up
  hls = new Hls({ enableWorker: false }); // fMP4 segments need no worker
  hls.on(Hls.Events.MANIFEST_PARSED, () => showMessage("", false));
  hls.on(Hls.Events.LEVEL_UPDATED, (_, level) => {
    growing.hidden = !level.details.live;
  });
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (!error.fatal) return;
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && repairs-- > 0) return hls.recoverMediaError();
    const network = error.type === Hls.ErrorTypes.NETWORK_ERROR;
    stopWithMessage(network ? "The connection was lost." : "This video can’t be played in this browser.");
  });
  hls.loadSource(source);
  hls.attachMedia(player);
}

player.addEventListener("error", () => {
  if (!hls) stopWithMessage("This video can’t be played in this browser.");
});
retry.addEventListener("click", () => {
  player.removeAttribute("src");
  waitForPlaylist();
});
waitForPlaylist();
