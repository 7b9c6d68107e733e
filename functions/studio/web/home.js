// The videos of a tenant: a place to drop files, what is on its way, and the list of all.
import { Problem, get } from "./api.js";
import { button, fill, h, id, keep, refill, say, show, text } from "./dom.js";
import { ago, bytes, clock, plural } from "./format.js";
import { poll } from "./poll.js";
import { badge, failure, moving, plays, stages, words } from "./states.js";

export function open(main, session, signal) {
  const list = videos(session, signal);
  const mayWrite = session.may("videos:write");
  fill(main, h("h1", { class: "aside" }, "Videos"),
    mayWrite ? [entrance(session, signal), ways(session, signal, list.refresh)] : h("p", { class: "hint" }, "This token lacks the scope videos:write: it shows videos, and takes none."),
    list.element);
}

// entrance takes files and addresses.
function entrance(session, signal) {
  const files = h("input", { type: "file", multiple: true, accept: "video/*,.mkv,.mov,.mxf,.ts", class: "aside", id: id("files"), tabindex: "-1", "aria-hidden": "true", onchange: () => {
    take(files.files);
    files.value = "";
  } });
  const take = (chosen) => {
    const good = [...chosen].filter((f) => f.size > 0);
    for (const file of good) session.transit.add(file);
    if (good.length) say(`Uploading ${plural(good.length, "file")}.`);
    if (good.length < chosen.length) say("Empty files are left out.");
  };
  const made = h("section", { class: "entrance", "aria-label": "Add videos" },
    h("div", { class: "drop" }, h("p", { class: "call" }, h("span", { class: "mouse" }, "Drop videos here"), h("span", { class: "touch" }, "Add videos")), h("p", null, button("Choose files", () => files.click(), { class: "primary" }), files)),
    address(session));
  let depth = 0; // dragenter and dragleave come for each child
  const on = (kind, f) => document.addEventListener(kind, f, { signal });
  const dragged = (e) => e.dataTransfer?.types.includes("Files");
  on("dragenter", (e) => { if (dragged(e)) { depth++; made.classList.add("over"); } });
  on("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) made.classList.remove("over"); });
  on("drop", (e) => {
    depth = 0;
    made.classList.remove("over");
    if (dragged(e)) take(filesOf(e.dataTransfer));
  });
  return made;
}

// filesOf leaves folders out: what they hold was not chosen.
function filesOf(dropped) {
  const items = [...dropped.items].filter((item) => item.kind === "file" && !item.webkitGetAsEntry?.()?.isDirectory);
  return items.map((item) => item.getAsFile()).filter(Boolean);
}

function address(session) {
  const field = id("url"), notice = id("notice");
  const input = h("input", { id: field, type: "url", inputmode: "url", placeholder: "https://…", required: true, maxlength: 2048, autocomplete: "off", "aria-describedby": notice });
  const enter = h("button", { type: "submit" }, "Fetch");
  const wrong = h("div", { id: notice, role: "alert" });
  return h("form", { class: "address", onsubmit: async (e) => {
    e.preventDefault();
    enter.disabled = true;
    fill(wrong);
    try {
      await session.transit.fetch(input.value.trim());
      input.value = "";
      say("The video is being fetched.");
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      fill(wrong, failure(problem));
    }
    enter.disabled = false;
  } }, h("label", { for: field }, "or have one fetched from an address"), h("div", { class: "row" }, input, enter), wrong);
}

// ways are the uploads of this page, each on its way.
function ways(session, signal, refresh) {
  const list = h("ul", { class: "ways" });
  const made = h("section", { class: "transit", "aria-labelledby": "transit-title", hidden: true }, h("h2", { id: "transit-title" }, "On their way"), list);
  const ended = new Set();
  let known = "";
  session.transit.listen((items) => {
    show(made, items.length > 0);
    keep(list, items, (item) => item.key, (item) => way(item, session.transit));
    for (const { key, video, name } of items) {
      if (!video || moving(video) || video.state === "waiting" || ended.has(key)) continue;
      ended.add(key);
      say(`${name}: ${words[video.state] ?? video.state}`);
    }
    const now = items.map(({ key, upload, video }) => [key, upload?.video, video?.state]).join();
    if (now !== known) refresh(); // the list says the same
    known = now;
  }, signal);
  return made;
}

function way(item, transit) {
  const title = h("span", { class: "title" }), state = h("span", { class: "count" }), act = h("span", { class: "acts" }), line = stages(), why = failure();
  const made = h("li", null, h("div", { class: "head" }, title, state, act), line, why);
  let shown = "";
  made.update = (item) => {
    const { upload: u, video: v } = item;
    const heard = u && v?.state === "waiting" ? undefined : v; // S3 has not told of the file yet
    text(state, heard ? words[v.state] ?? v.state : told(u));
    line.update({ upload: u, video: heard });
    why.update(v?.error ?? (u?.state === "failed" ? u.problem : null));
    const now = `${u?.state} ${v?.state}`;
    if (now === shown) return;
    shown = now;
    const link = v?.id ?? u?.video;
    refill(title, link && (v || u.state === "sent") ? h("a", { href: `#/videos/${link}` }, v?.title ?? item.name) : item.name);
    refill(act, acts(item, transit));
  };
  return made;
}

function told(u) {
  if (u.state === "sending") return `${bytes(u.sent)} of ${bytes(u.file.size)}`;
  return { queued: "Waiting for its turn", joining: "Joining its parts", sent: "Uploaded", failed: "Not uploaded", cancelling: "Being cancelled", cancelled: "Cancelled" }[u.state];
}

function acts(item, transit) {
  const { upload: u, video: v } = item;
  const of = { "aria-label": undefined, class: "quiet" };
  const named = (word) => ({ ...of, "aria-label": `${word} ${item.name}` });
  if (!v && ["queued", "sending"].includes(u.state)) return button("Cancel", () => u.cancel(), named("Cancel"));
  if (!v && u.state === "failed") return [button("Retry", () => transit.again(item), { "aria-label": `Retry ${item.name}` }), button("Cancel", () => u.cancel(), named("Cancel"))];
  const ended = v ? !moving(v) && v.state !== "waiting" : u.state === "cancelled";
  return [v && plays(v) && h("a", { class: "button primary", href: `#/videos/${v.id}`, "aria-label": `Watch ${v.title}` }, "Watch"), ended && button("Clear", () => transit.drop(item), named("Clear"))];
}

const choices = ["", "processing", "playable", "ready", "failed", "waiting", "uploaded", "cancelled"];

// videos is the list, the newest first. Its first page is looked at again and again; the pages after it stay.
function videos(session, signal) {
  const rows = h("ul", { class: "videos" }), none = h("p", { class: "none", hidden: true }), why = failure();
  const more = button("Show more", () => turn(), { class: "more", hidden: true });
  const filter = id("state");
  const choice = h("select", { id: filter, onchange: () => reset() }, choices.map((s) => h("option", { value: s }, s === "" ? "All" : words[s].split(" ")[0])));
  const element = h("section", { class: "all", "aria-labelledby": "all-title" },
    h("div", { class: "head" }, h("h2", { id: "all-title" }, "All videos"), h("label", { for: filter, class: "aside" }, "Show"), choice), why, rows, none, more);
  let known = new Map(), cursor, round;

  const query = (from) => `videos?limit=20${choice.value && `&state=${choice.value}`}${from ? `&cursor=${encodeURIComponent(from)}` : ""}`;

  function draw() {
    const sorted = [...known.values()].sort((a, b) => (a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1));
    keep(rows, sorted, (v) => v.id, row);
    show(none, sorted.length === 0 && !cursor);
    text(none, choice.value ? `No video is in the state “${words[choice.value]}”.` : "No videos yet.");
    show(more, Boolean(cursor));
  }

  // head looks at the first page: what is not on it any more, but newer than its end, is gone.
  async function head(first) {
    const page = await get(query(), round.signal);
    const end = page.next_cursor && page.videos.at(-1)?.created_at;
    for (const [key, v] of known) if (!end || v.created_at >= end) known.delete(key);
    if (page.videos.length === 0 && !page.next_cursor) known.clear();
    for (const v of page.videos) known.set(v.id, v);
    if (first) cursor = page.next_cursor;
    why.update(null);
    draw();
    return page.videos.some(moving);
  }

  function reset() {
    round?.abort();
    round = new AbortController();
    signal.addEventListener("abort", () => round.abort(), { signal: round.signal });
    known = new Map();
    cursor = undefined;
    let first = true;
    poll(async () => {
      const busy = await head(first);
      first = false;
      return busy;
    }, round.signal, (problem) => { why.update(problem); return false; });
  }

  async function turn() {
    more.disabled = true;
    const before = known.size;
    try {
      const page = await get(query(cursor), round.signal);
      for (const v of page.videos) known.set(v.id, v);
      cursor = page.next_cursor;
      draw();
      rows.children[before]?.querySelector("a")?.focus();
    } catch (problem) {
      if (problem instanceof Problem) why.update(problem);
    }
    more.disabled = false;
  }

  reset();
  return { element, refresh: () => !signal.aborted && head(false).catch(() => {}) };
}

function row() {
  const link = h("a", { class: "title" }), state = badge(), facts = h("span", { class: "facts" }), when = h("time", { class: "when" });
  const made = h("li", null, link, state, facts, when);
  made.update = (v) => {
    link.href = `#/videos/${v.id}`;
    text(link, v.title);
    state.update(v.state);
    text(facts, v.error ? v.error.message : [v.media && clock(v.media.duration_seconds), v.media && `${v.media.width}×${v.media.height}`, v.source.size > 0 && bytes(v.source.size)].filter(Boolean).join(" · "));
    when.dateTime = v.created_at;
    text(when, ago(v.created_at));
  };
  return made;
}
