// Plays a video, from the moment that there is something to play: the player is fetched only then.
import { h, show, text } from "./dom.js";

let loading;

// hls loads the watch page's hls.js.
async function hls() {
  loading ??= import(new URL(document.body.dataset.player, document.baseURI).href);
  await loading;
  return globalThis.Hls;
}

// screen is where the video will be; update takes the video, and whether it plays.
export function screen(signal) {
  const player = h("video", { id: "player", controls: true, playsinline: true, preload: "metadata", hidden: true });
  const notice = h("p", { class: "notice" });
  const made = h("div", { class: "screen", hidden: true }, player, notice);
  let begun = false, stream;

  async function begin(src) {
    begun = true;
    try {
      const Hls = await hls();
      if (signal.aborted) return;
      const pressed = !player.paused;
      if (Hls?.isSupported()) play(Hls, src);
      else player.src = src; // phones that play HLS themselves
      if (pressed) player.play().catch(() => {}); // what is loaded anew stands still, and has to be pressed again
    } catch {
      loading = undefined;
      begun = false;
    }
  }

  function play(Hls, src) {
    let repairs = 2;
    stream = new Hls({ enableWorker: false, startPosition: 0 });
    stream.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR && repairs-- > 0) return stream.recoverMediaError();
      stream.destroy();
      begun = false; // the next look at the video begins again
      if (error.type !== Hls.ErrorTypes.NETWORK_ERROR) {
        begun = true;
        tell("This video can’t be played in this browser.");
      }
    });
    stream.loadSource(src);
    stream.attachMedia(player);
  }

  function tell(words) {
    text(notice, words);
    show(notice, words !== "");
    show(player, words === "");
  }

  signal.addEventListener("abort", () => {
    stream?.destroy();
    player.removeAttribute("src");
    player.load();
  });
  // reach is how far the video can be played by now, in seconds; 0 if that is not known.
  made.reach = () => (Number.isFinite(player.duration) ? player.duration : 0);
  made.update = (video, plays) => {
    const ended = ["failed", "cancelled", "deleting"].includes(video.state);
    show(made, !ended);
    if (ended) return player.pause();
    if (video.media) made.style.setProperty("--ratio", video.media.width / video.media.height);
    player.setAttribute("aria-label", video.title);
    if (!plays) return tell(video.state === "waiting" ? "Waiting for its file" : "Being processed. It plays here as soon as there is something to see.");
    if (!begun && !player.error) {
      tell("");
      begin(video.playback.hls);
    }
  };
  return made;
}
