// The view of a tenant's videos: the upload area, the uploads of this page, and the list of all videos.
import { Problem, get } from "./api.js";
import {
  createButton,
  replaceChildren,
  h,
  uniqueID,
  reconcileList,
  replaceChildrenKeepFocus,
  announce,
  setVisible,
  setText,
} from "./dom.js";
import { formatAge, formatBytes, formatClock, pluralize } from "./format.js";
import { poll } from "./poll.js";
import {
  createStateBadge,
  createErrorBox,
  isInProgress,
  isPlayable,
  createStages,
  stateLabels,
} from "./videostates.js";

export function mount(main, session, signal) {
  const list = createVideoList(session, signal);
  const mayWrite = session.may("videos:write");
  replaceChildren(
    main,
    h("h1", { class: "visually-hidden" }, "Videos"),
    mayWrite
      ? [createUploadArea(session, signal), createUploadList(session, signal, list.refresh)]
      : h("p", { class: "hint" }, "This token lacks the scope videos:write: it shows videos, and takes none."),
    list.element,
  );
}

// createUploadArea returns the area that accepts files and URLs.
function createUploadArea(session, signal) {
  const files = h("input", {
    type: "file",
    multiple: true,
    accept: "video/*,.mkv,.mov,.mxf,.ts",
    class: "visually-hidden",
    id: uniqueID("files"),
    tabindex: "-1",
    "aria-hidden": "true",
    onchange: () => {
      uploadFiles(files.files);
      files.value = "";
    },
  });
  const uploadFiles = (chosen) => {
    const good = [...chosen].filter((f) => f.size > 0);
    for (const file of good) session.uploads.add(file);
    if (good.length) announce(`Uploading ${pluralize(good.length, "file")}.`);
    if (good.length < chosen.length) announce("Empty files are left out.");
  };
  const made = h(
    "section",
    { class: "upload-area", "aria-label": "Add videos" },
    h(
      "div",
      { class: "drop" },
      h(
        "p",
        { class: "prompt" },
        h("span", { class: "mouse" }, "Drop videos here"),
        h("span", { class: "touch" }, "Add videos"),
      ),
      h(
        "p",
        null,
        createButton("Choose files", () => files.click(), { class: "primary" }),
        files,
      ),
    ),
    createURLForm(session),
  );
  let depth = 0; // dragenter and dragleave are sent for each child
  const on = (kind, f) => document.addEventListener(kind, f, { signal });
  const dragged = (e) => e.dataTransfer?.types.includes("Files");
  on("dragenter", (e) => {
    if (dragged(e)) {
      depth++;
      made.classList.add("over");
    }
  });
  on("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) made.classList.remove("over");
  });
  on("drop", (e) => {
    depth = 0;
    made.classList.remove("over");
    if (dragged(e)) uploadFiles(droppedFiles(e.dataTransfer));
  });
  return made;
}

// droppedFiles returns the files that were dropped, without folders.
function droppedFiles(dropped) {
  const items = [...dropped.items].filter((item) => item.kind === "file" && !item.webkitGetAsEntry?.()?.isDirectory);
  return items.map((item) => item.getAsFile()).filter(Boolean);
}

function createURLForm(session) {
  const field = uniqueID("url"),
    notice = uniqueID("notice");
  const input = h("input", {
    id: field,
    type: "url",
    inputmode: "url",
    placeholder: "https://…",
    required: true,
    maxlength: 2048,
    autocomplete: "off",
    "aria-describedby": notice,
  });
  const enter = h("button", { type: "submit" }, "Fetch");
  const wrong = h("div", { id: notice, role: "alert" });
  return h(
    "form",
    {
      class: "address",
      onsubmit: async (e) => {
        e.preventDefault();
        enter.disabled = true;
        replaceChildren(wrong);
        try {
          await session.uploads.fetch(input.value.trim());
          input.value = "";
          announce("The video is being fetched.");
        } catch (problem) {
          if (!(problem instanceof Problem)) throw problem;
          replaceChildren(wrong, createErrorBox(problem));
        }
        enter.disabled = false;
      },
    },
    h("label", { for: field }, "or have one fetched from an address"),
    h("div", { class: "row" }, input, enter),
    wrong,
  );
}

// createUploadList returns the list of this page's uploads.
function createUploadList(session, signal, refresh) {
  const list = h("ul", { class: "uploads" });
  const made = h(
    "section",
    { class: "transit", "aria-labelledby": "transit-title", hidden: true },
    h("h2", { id: "transit-title" }, "On their way"),
    list,
  );
  const ended = new Set();
  let known = "";
  session.uploads.listen((items) => {
    setVisible(made, items.length > 0);
    reconcileList(
      list,
      items,
      (item) => item.key,
      (item) => createUploadRow(item, session.uploads),
    );
    for (const { key, video, name } of items) {
      if (!video || isInProgress(video) || video.state === "waiting" || ended.has(key)) continue;
      ended.add(key);
      announce(`${name}: ${stateLabels[video.state] ?? video.state}`);
    }
    const now = items.map(({ key, upload, video }) => [key, upload?.video, video?.state]).join();
    if (now !== known) refresh(); // the list below must show the same
    known = now;
  }, signal);
  return made;
}

function createUploadRow(item, uploads) {
  const title = h("span", { class: "title" }),
    state = h("span", { class: "count" }),
    act = h("span", { class: "actions" }),
    line = createStages(),
    why = createErrorBox();
  const made = h("li", null, h("div", { class: "head" }, title, state, act), line, why);
  let shown = "";
  made.update = (item) => {
    const { upload: u, video: v } = item;
    const heard = u && v?.state === "waiting" ? undefined : v; // S3's notification has not arrived yet
    setText(state, heard ? (stateLabels[v.state] ?? v.state) : uploadStateText(u));
    line.update({ upload: u, video: heard });
    why.update(v?.error ?? (u?.state === "failed" ? u.problem : null));
    const now = `${u?.state} ${v?.state}`;
    if (now === shown) return;
    shown = now;
    const link = v?.id ?? u?.video;
    replaceChildrenKeepFocus(
      title,
      link && (v || u.state === "sent") ? h("a", { href: `#/videos/${link}` }, v?.title ?? item.name) : item.name,
    );
    replaceChildrenKeepFocus(act, uploadActions(item, uploads));
  };
  return made;
}

function uploadStateText(u) {
  if (u.state === "sending") return `${formatBytes(u.sent)} of ${formatBytes(u.file.size)}`;
  return {
    queued: "Waiting for its turn",
    joining: "Joining its parts",
    sent: "Uploaded",
    failed: "Not uploaded",
    cancelling: "Being cancelled",
    cancelled: "Cancelled",
  }[u.state];
}

function uploadActions(item, uploads) {
  const { upload: u, video: v } = item;
  const of = { "aria-label": undefined, class: "quiet" };
  const named = (word) => ({ ...of, "aria-label": `${word} ${item.name}` });
  if (!v && ["queued", "sending"].includes(u.state)) return createButton("Cancel", () => u.cancel(), named("Cancel"));
  if (!v && u.state === "failed")
    return [
      createButton("Retry", () => uploads.retryUpload(item), { "aria-label": `Retry ${item.name}` }),
      createButton("Cancel", () => u.cancel(), named("Cancel")),
    ];
  const ended = v ? !isInProgress(v) && v.state !== "waiting" : u.state === "cancelled";
  return [
    v &&
      isPlayable(v) &&
      h("a", { class: "button primary", href: `#/videos/${v.id}`, "aria-label": `Watch ${v.title}` }, "Watch"),
    ended && createButton("Clear", () => uploads.removeItem(item), named("Clear")),
  ];
}

const choices = ["", "processing", "playable", "ready", "failed", "waiting", "uploaded", "cancelled"];

// createVideoList returns the list, the newest first. The first page is polled, the following pages are not.
function createVideoList(session, signal) {
  const rows = h("ul", { class: "videos" }),
    none = h("p", { class: "none", hidden: true }),
    why = createErrorBox();
  const more = createButton("Show more", () => loadNextPage(), { class: "more", hidden: true });
  const filter = uniqueID("state");
  const choice = h(
    "select",
    { id: filter, onchange: () => reset() },
    choices.map((s) => h("option", { value: s }, s === "" ? "All" : stateLabels[s].split(" ")[0])),
  );
  const element = h(
    "section",
    { class: "all", "aria-labelledby": "all-title" },
    h(
      "div",
      { class: "head" },
      h("h2", { id: "all-title" }, "All videos"),
      h("label", { for: filter, class: "visually-hidden" }, "Show"),
      choice,
    ),
    why,
    rows,
    none,
    more,
  );
  let known = new Map(),
    cursor,
    round;

  const query = (from) =>
    `videos?limit=20${choice.value && `&state=${choice.value}`}${from ? `&cursor=${encodeURIComponent(from)}` : ""}`;

  function renderList() {
    const sorted = [...known.values()].sort((a, b) =>
      a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1,
    );
    reconcileList(rows, sorted, (v) => v.id, createVideoRow);
    setVisible(none, sorted.length === 0 && !cursor);
    setText(none, choice.value ? `No video is in the state “${stateLabels[choice.value]}”.` : "No videos yet.");
    setVisible(more, Boolean(cursor));
  }

  // refreshFirstPage reads the first page. Videos that are newer than its last one and not on it are removed.
  async function refreshFirstPage(first) {
    const page = await get(query(), round.signal);
    const end = page.next_cursor && page.videos.at(-1)?.created_at;
    for (const [key, v] of known) if (!end || v.created_at >= end) known.delete(key);
    if (page.videos.length === 0 && !page.next_cursor) known.clear();
    for (const v of page.videos) known.set(v.id, v);
    if (first) cursor = page.next_cursor;
    why.update(null);
    renderList();
    return page.videos.some(isInProgress);
  }

  function reset() {
    round?.abort();
    round = new AbortController();
    signal.addEventListener("abort", () => round.abort(), { signal: round.signal });
    known = new Map();
    cursor = undefined;
    let first = true;
    poll(
      async () => {
        const busy = await refreshFirstPage(first);
        first = false;
        return busy;
      },
      round.signal,
      (problem) => {
        why.update(problem);
        return false;
      },
    );
  }

  async function loadNextPage() {
    more.disabled = true;
    const before = known.size;
    try {
      const page = await get(query(cursor), round.signal);
      for (const v of page.videos) known.set(v.id, v);
      cursor = page.next_cursor;
      renderList();
      rows.children[before]?.querySelector("a")?.focus();
    } catch (problem) {
      if (problem instanceof Problem) why.update(problem);
    }
    more.disabled = false;
  }

  reset();
  return { element, refresh: () => !signal.aborted && refreshFirstPage(false).catch(() => {}) };
}

function createVideoRow() {
  const link = h("a", { class: "title" }),
    state = createStateBadge(),
    facts = h("span", { class: "facts" }),
    when = h("time", { class: "when" });
  const made = h("li", null, link, state, facts, when);
  made.update = (v) => {
    link.href = `#/videos/${v.id}`;
    setText(link, v.title);
    state.update(v.state);
    setText(
      facts,
      v.error
        ? v.error.message
        : [
            v.media && formatClock(v.media.duration_seconds),
            v.media && `${v.media.width}×${v.media.height}`,
            v.source.size > 0 && formatBytes(v.source.size),
          ]
            .filter(Boolean)
            .join(" · "),
    );
    when.dateTime = v.created_at;
    setText(when, formatAge(v.created_at));
  };
  return made;
}
