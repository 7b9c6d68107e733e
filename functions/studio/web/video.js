// One video: watched as soon as there is something to play, with all that is known of how it was made.
import { Problem, call, get, persist } from "./api.js";
import { ask, button, fill, h, id, refill, say, show, text } from "./dom.js";
import { ago, bytes, clock, moment, span } from "./format.js";
import { poll } from "./poll.js";
import { screen } from "./player.js";
import { badge, failure, moving, plays, stages } from "./states.js";
import { timeline } from "./timeline.js";
import { waterfall } from "./trace.js";

export function open(main, session, signal, key) {
  const at = `videos/${encodeURIComponent(key)}`;
  const why = failure(), body = h("div", { class: "video", hidden: true }), wait = h("p", { class: "hint" }, "Loading…");
  const name = title(at, session), state = badge(), when = h("span", { class: "hint" }), line = stages(), player = screen(signal);
  const links = h("ul", { class: "links" }), facts = h("dl", { class: "facts" });
  const hops = waterfall(at, signal), past = timeline(at, signal), cost = hops.cost;
  const remove = button("Delete video", () => drop(at, name.now, why), { class: "danger quiet" });
  fill(body, player, h("section", { "aria-label": "Progress" }, line),
    h("div", { class: "columns" },
      h("section", { "aria-labelledby": "about" }, h("h2", { id: "about" }, "About"), facts),
      h("section", { "aria-labelledby": "links" }, h("h2", { id: "links" }, "Links"), links)),
    hops, past, session.may("videos:write") && h("footer", { class: "row end" }, remove));
  fill(main, h("p", { class: "back" }, h("a", { href: "#/" }, "Videos")), h("div", { class: "titles" }, name, h("p", { class: "sub" }, state, when)), why, wait, body);

  let last;
  poll(async () => {
    const v = await get(at, signal);
    show(wait, false);
    show(body, true);
    why.update(v.error);
    name.update(v.title);
    document.title = `${v.title} · Sluice`;
    state.update(v.state);
    line.update({ video: v });
    player.update(v, plays(v));
    text(when, (v.state === "playable" && v.media && player.reach() > 0 && `${clock(player.reach())} of ${clock(v.media.duration_seconds)} so far`) || `added ${ago(v.created_at)}`);
    draw(facts, described(v, cost()));
    draw(links, addresses(v));
    if (last && last !== v.state) say(`The video is ${v.state}.`);
    if (last !== v.state || moving(v) || hops.open) await Promise.all([past.update(), hops.update(moving(v))]);
    last = v.state;
    if (hops.fresh) draw(facts, described(v, cost()));
    return moving(v);
  }, signal, (problem) => {
    if (problem.status !== 404) { why.update(problem); return true; }
    show(wait, false);
    show(body, false);
    name.update(last === "deleting" ? "Deleted" : "No such video");
    state.update("");
    text(when, last === "deleting" ? "All that belonged to it is gone." : "There is none of this id, or it is another tenant’s.");
    return false;
  });
}

// draw replaces a list only if something in it has changed, so that what is selected or focused stays.
function draw(list, children) {
  const next = fill(list.cloneNode(false), children);
  if (next.textContent !== list.textContent) refill(list, ...next.childNodes);
}

function described(v, cost) {
  const m = v.media;
  const rows = [
    ["Length", m && clock(m.duration_seconds)],
    ["Picture", m && `${m.width} × ${m.height}, ${m.frame_rate} fps, ${m.video_codec}`],
    ["Sound", m && (m.audio_codec ?? "none")],
    ["Renditions", v.renditions?.join(", ")],
    ["File", [v.source.name, v.source.size > 0 && bytes(v.source.size)].filter(Boolean).join(", ")],
    ["Playable", playable(v)],
    ["Cost", cost],
    ["Added", moment(v.created_at)],
    ["Id", h("code", null, v.id)],
    ["External id", v.external_id],
    ...Object.entries(v.metadata ?? {}),
  ];
  return rows.filter(([, value]) => value).map(([term, value]) => h("div", null, h("dt", null, term), h("dd", null, value)));
}

// playable is how long after its file was there a video could be watched first.
function playable(v) {
  const there = v.stages?.find((s) => s.name === "upload")?.ended_at;
  return v.playable_at && there ? `${span((new Date(v.playable_at) - new Date(there)) / 1000)} after its upload` : "";
}

function addresses(v) {
  const rows = [["HLS", v.playback.hls, "for players"], ["Page", v.playback.watch, "to watch and to embed"]].filter(([, to]) => to && /^https?:/.test(to));
  if (rows.length === 0) return [h("li", { class: "hint" }, "It can’t be watched.")];
  return rows.map(([label, to, what]) => h("li", null, h("span", { class: "label" }, label, h("small", null, what)),
    h("a", { href: to, target: "_blank", rel: "noreferrer noopener" }, to), button("Copy", (e) => copy(to, label, e.currentTarget), { class: "quiet", "aria-label": `Copy the ${label} link` })));
}

async function copy(words, label, from) {
  try {
    await navigator.clipboard.writeText(words);
    text(from, "Copied");
    say(`The ${label} link is copied.`);
    setTimeout(() => text(from, "Copy"), 2000);
  } catch {
    getSelection().selectAllChildren(from.parentNode.querySelector("a")); // the browser lets no page copy: select it
    say("The link is selected.");
  }
}

// title is the name of a video, which can be changed in its place.
function title(at, session) {
  const heading = h("h1", null, "Video");
  const edit = session.may("videos:write") && button("Rename", () => begin(), { class: "quiet", hidden: true });
  const made = h("div", { class: "title" }, heading, edit);
  made.now = "";
  made.update = (words) => {
    made.now = words;
    text(heading, words);
    if (edit) show(edit, true);
  };
  function begin() {
    const field = id("title"), notice = id("notice");
    const input = h("input", { id: field, maxlength: 200, "aria-describedby": notice });
    const wrong = h("p", { id: notice, class: "wrong", role: "alert" });
    input.value = made.now;
    const end = () => { fill(made, heading, edit); edit.focus(); };
    const form = h("form", { class: "row", onsubmit: async (e) => {
      e.preventDefault();
      try {
        made.update((await call("PATCH", at, { body: { title: input.value.trim() } })).title);
        say("Renamed.");
        end();
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        text(wrong, problem.flaws[0]?.detail ?? problem.message);
      }
    }, onkeydown: (e) => e.key === "Escape" && end() }, h("label", { for: field, class: "aside" }, "Title"), input, h("button", { type: "submit", class: "primary" }, "Save"), button("Cancel", end), wrong);
    fill(made, form);
    input.select();
    input.focus();
  }
  return made;
}

async function drop(at, name, why) {
  const sure = await ask({ title: "Delete this video?", body: `“${name}” goes with its original, all renditions and its links. It can’t be undone.`, yes: "Delete", danger: true });
  if (!sure) return;
  try {
    await persist("DELETE", at);
    say("The video is being deleted.");
    location.hash = "#/";
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    why.update(problem);
  }
}
