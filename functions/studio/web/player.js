// The player of a video. hls.js is loaded when the video is playable.
import { h, setVisible, setText } from "./dom.js";

let loading;

// loadHLS loads the watch page's hls.js.
async function loadHLS() {
  loading ??= import(new URL(document.body.dataset.player, document.baseURI).href);
  await loading;
  return globalThis.Hls;
}

// createPlayer returns an element whose update takes the video and whether it is playable.
export function createPlayer(signal) {
  const player = h("video", { id: "player", controls: true, playsinline: true, preload: "metadata", hidden: true });
  const notice = h("p", { class: "notice" });
  const made = h("div", { class: "screen", hidden: true }, player, notice);
  let begun = false,
    stream;

  async function startPlayback(src) {
    begun = true;
    try {
      const Hls = await loadHLS();
      if (signal.aborted) return;
      const pressed = !player.paused;
      if (Hls?.isSupported()) attachHLS(Hls, src);
      else player.src = src; // phones play HLS natively
      if (pressed) player.play().catch(() => {}); // a new source is paused
    } catch {
      loading = undefined;
      begun = false;
    }
  }

  function attachHLS(Hls, src) {
    let repairs = 2;
    stream = new Hls({ enableWorker: false, startPosition: 0 });
    stream.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR && repairs-- > 0) return stream.recoverMediaError();
      stream.destroy();
      begun = false; // the next update starts it again
      if (error.type !== Hls.ErrorTypes.NETWORK_ERROR) {
        begun = true;
        showNotice("This video can’t be played in this browser.");
      }
    });
    stream.loadSource(src);
    stream.attachMedia(player);
  }

  function showNotice(words) {
    setText(notice, words);
    setVisible(notice, words !== "");
    setVisible(player, words === "");
  }

  signal.addEventListener("abort", () => {
    stream?.destroy();
    player.removeAttribute("src");
    player.load();
  });
  // playableSeconds returns how many seconds can be played now; 0 if unknown.
  made.playableSeconds = () => (Number.isFinite(player.duration) ? player.duration : 0);
  made.update = (video, plays) => {
    const ended = ["failed", "cancelled", "deleting"].includes(video.state);
    setVisible(made, !ended);
    if (ended) return player.pause();
    if (video.media) made.style.setProperty("--ratio", video.media.width / video.media.height);
    player.setAttribute("aria-label", video.title);
    if (!plays)
      return showNotice(
        video.state === "waiting"
          ? "Waiting for its file"
          : "Being processed. It plays here as soon as there is something to see.",
      );
    if (!begun && !player.error) {
      showNotice("");
      startPlayback(video.playback.hls);
    }
  };
  return made;
}
