// Plays the video that the page names, as soon as it can be: it may grow still. Until its master playlist is there, asks
// for it, less and less often. Nobody tells the page of a video that failed early, or of an id that is none: a playlist that
// does not come for minutes is taken for that. One that names no rendition is that of a video that failed later.
"use strict";

const firstPause = 2000; // ms
const lastPause = 15000; // ms
const growth = 1.25; // from one pause to the next
const patience = 5 * 60 * 1000; // ms in which a playlist must come
const player = document.getElementById("player");
const notice = document.getElementById("notice");
const spinner = document.getElementById("spinner");
const message = document.getElementById("message");
const retry = document.getElementById("retry");
const growing = document.getElementById("growing");
const source = new URL(player.dataset.src, location.href).href;
let hls;

function say(text, busy) {
  if (message.textContent !== text) message.textContent = text; // screen readers hear each sentence once
  spinner.hidden = !busy;
  retry.hidden = busy;
  notice.hidden = text === "";
  player.inert = !notice.hidden; // what is covered can't be reached by keyboard either
}

function give(up) {
  if (hls) hls.destroy();
  hls = undefined;
  growing.hidden = true;
  say(up, false);
}

// ask returns "ready", "missing", "wait" or, when waiting won't help, a sentence.
async function ask() {
  let answer;
  try {
    answer = await fetch(source, { cache: "no-store" });
  } catch {
    say("The server can’t be reached. Trying again…", true);
    return "wait";
  }
  if (answer.ok) {
    const text = await answer.text().catch(() => "");
    return text.includes("#EXT-X-STREAM-INF:") ? "ready" : "This video could not be processed to its end.";
  }
  if (answer.status === 404) {
    say("This video is still being processed. It will be here as soon as it can be watched.", true);
    return "missing";
  }
  if (answer.status >= 500 || answer.status === 429) {
    say("The server is busy. Trying again…", true);
    return "wait";
  }
  const problem = await answer.json().catch(() => ({}));
  return problem.detail || `This video can’t be played (${answer.status}).`;
}

async function load() {
  say("Loading…", true);
  let end; // of patience, from when the playlist is missed first
  for (let pause = firstPause; ; pause = Math.min(pause * growth, lastPause)) {
    const state = await ask();
    if (state === "ready") return play();
    if (state === "missing") {
      end ??= Date.now() + patience;
      if (Date.now() >= end) return give("There is no such video, or it failed, or it takes longer than usual.");
    } else if (state !== "wait") return give(state);
    await new Promise((done) => setTimeout(done, pause));
  }
}

function play() {
  if (window.Hls && Hls.isSupported()) return playWithHls();
  if (!player.canPlayType("application/vnd.apple.mpegurl")) return give("This browser can’t play the video.");
  player.src = source; // Safari on phones plays HLS itself
  say("", false);
}

function playWithHls() {
  let repairs = 2; // of decoding errors, before giving up
  hls = new Hls({ enableWorker: false }); // segments are fMP4 already: there is nothing for a worker to do
  hls.on(Hls.Events.MANIFEST_PARSED, () => say("", false));
  hls.on(Hls.Events.LEVEL_UPDATED, (_, level) => {
    growing.hidden = !level.details.live;
  });
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (!error.fatal) return;
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && repairs-- > 0) return hls.recoverMediaError();
    const network = error.type === Hls.ErrorTypes.NETWORK_ERROR;
    give(network ? "The connection was lost." : "This video can’t be played in this browser.");
  });
  hls.loadSource(source);
  hls.attachMedia(player);
}

player.addEventListener("error", () => {
  if (!hls) give("This video can’t be played in this browser.");
});
retry.addEventListener("click", () => {
  player.removeAttribute("src");
  load();
});
load();
