// What this page has sent: uploads, and videos fetched from elsewhere, until each has come to its end.
import { get, persist } from "./api.js";
import { poll } from "./poll.js";
import { Queue, Upload } from "./upload.js";
import { moving } from "./states.js";

// transit returns the uploads of a session. They go on whatever is shown.
export function transit(session) {
  const items = []; // {key, name, upload?, video?, error?}, the newest first
  const queue = new Queue();
  const listeners = new Set();
  let keys = 0, looking = false, told = false;

  // tell is heard at most once a frame.
  function tell() {
    if (told) return;
    told = true;
    setTimeout(() => { told = false; for (const f of listeners) f(items); }, 60);
  }

  function add(file) {
    const item = { key: ++keys, name: file.name, size: file.size };
    item.upload = new Upload(file, (u) => {
      if (u.state === "sent") watch();
      tell();
    });
    items.unshift(item);
    queue.add(item.upload);
    tell();
  }

  // fetch asks Sluice to fetch a video; it throws the API's refusal.
  async function fetch(url) {
    const video = await persist("POST", "videos", { body: { url } });
    items.unshift({ key: ++keys, name: video.title, video });
    watch();
    tell();
    return video;
  }

  const open = (item) => (item.video ? moving(item.video) || item.video.state === "waiting" : item.upload?.state === "sent");

  // look asks about one; one that was deleted is not on its way any more.
  async function look(item) {
    try {
      item.video = await get(`videos/${item.video?.id ?? item.upload.video}`, session.signal);
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      drop(item);
    }
  }

  // watch asks about all videos that are on their way, until none is.
  async function watch() {
    if (looking) return;
    looking = true;
    await poll(async () => {
      await Promise.all(items.filter(open).map(look));
      tell();
      if (!items.some(open)) throw done;
      return true;
    }, session.signal, () => false).catch((e) => { if (e !== done) throw e; }).finally(() => { looking = false; });
  }

  function again(item) {
    item.upload.set("queued");
    queue.add(item.upload);
  }

  function drop(item) {
    items.splice(items.indexOf(item), 1);
    tell();
  }

  session.signal.addEventListener("abort", () => { for (const { upload } of items) if (upload?.active) upload.stop?.abort(); });
  return {
    add, fetch, again, drop, items,
    get busy() { return items.some(({ upload }) => upload?.active); },
    listen(f, signal) {
      listeners.add(f);
      signal.addEventListener("abort", () => listeners.delete(f));
      f(items);
    },
  };
}

const done = new Error("all have come to their end");
