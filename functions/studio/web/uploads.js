// The uploads and fetches of this page, until the user removes them.
import { get, requestWithRetry } from "./api.js";
import { poll } from "./poll.js";
import { Queue, Upload } from "./upload.js";
import { isInProgress } from "./videostates.js";

// createUploads returns the uploads of a session. They continue when the view changes.
export function createUploads(session) {
  const items = []; // {key, name, upload?, video?, error?}, the newest first
  const queue = new Queue();
  const listeners = new Set();
  let keys = 0,
    looking = false,
    told = false;

  // notifyListeners calls the listeners at most every 60 ms.
  function notifyListeners() {
    if (told) return;
    told = true;
    setTimeout(() => {
      told = false;
      for (const f of listeners) f(items);
    }, 60);
  }

  function add(file) {
    const item = { key: ++keys, name: file.name, size: file.size };
    item.upload = new Upload(file, (u) => {
      if (u.state === "sent") pollVideos();
      notifyListeners();
    });
    items.unshift(item);
    queue.add(item.upload);
    notifyListeners();
  }

  // fetch has a video fetched from a URL. It throws a Problem.
  async function fetch(url) {
    const video = await requestWithRetry("POST", "videos", { body: { url } });
    items.unshift({ key: ++keys, name: video.title, video });
    pollVideos();
    notifyListeners();
    return video;
  }

  const isOpen = (item) =>
    item.video ? isInProgress(item.video) || item.video.state === "waiting" : item.upload?.state === "sent";

  // refreshVideo reads the video of an item, and removes the item if the video is deleted.
  async function refreshVideo(item) {
    try {
      item.video = await get(`videos/${item.video?.id ?? item.upload.video}`, session.signal);
    } catch (problem) {
      if (problem.status !== 404) throw problem;
      removeItem(item);
    }
  }

  // pollVideos polls all videos in progress, until there are none.
  async function pollVideos() {
    if (looking) return;
    looking = true;
    await poll(
      async () => {
        await Promise.all(items.filter(isOpen).map(refreshVideo));
        notifyListeners();
        if (!items.some(isOpen)) throw allEnded;
        return true;
      },
      session.signal,
      () => false,
    )
      .catch((e) => {
        if (e !== allEnded) throw e;
      })
      .finally(() => {
        looking = false;
      });
  }

  function retryUpload(item) {
    item.upload.set("queued");
    queue.add(item.upload);
  }

  function removeItem(item) {
    items.splice(items.indexOf(item), 1);
    notifyListeners();
  }

  session.signal.addEventListener("abort", () => {
    for (const { upload } of items) if (upload?.active) upload.stop?.abort();
  });
  return {
    add,
    fetch,
    retryUpload,
    removeItem,
    items,
    get busy() {
      return items.some(({ upload }) => upload?.active);
    },
    listen(f, signal) {
      listeners.add(f);
      signal.addEventListener("abort", () => listeners.delete(f));
      f(items);
    },
  };
}

const allEnded = new Error("all have come to their end");
