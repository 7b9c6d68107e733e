// All that has happened to a video, in order.
import { Problem, get } from "./api.js";
import { fill, h, keep, show, text } from "./dom.js";
import { words as states } from "./states.js";
import { moment, plural, span, timeOfDay } from "./format.js";

const told = {
  created: "Created", "upload.completed.v1": "The file is there", "upload.cancelled.v1": "The upload was cancelled",
  "media.inspected.v1": "Inspected and planned", "media.refused.v1": "Refused", "encode.done.v1": "The playlists grew", "encode.failed.v1": "A part could not be encoded",
  "delete.requested.v1": "Deletion was asked for", "sweep.done.v1": "Some of it is removed",
  "deadline.passed.v1": "Looked after: a step took long", "fetch.failed.v1": "The file could not be fetched",
};

const reached = { playable: "Enough is there to begin", ready: "All parts are there" };

// timeline is a section; update asks for what has happened.
export function timeline(at, signal) {
  const list = h("ol", { class: "timeline" });
  const made = h("section", { "aria-labelledby": "timeline", hidden: true }, h("h2", { id: "timeline" }, "Timeline"), list);
  let shown = 0;
  made.update = async () => {
    try {
      const { entries } = await get(`${at}/timeline`, signal);
      show(made, true);
      if (entries.length === shown) return;
      shown = entries.length;
      const lines = groups(entries).map((group, i, all) => ({ i, group, start: entries[0].at, before: all[i - 1]?.at(-1).state }));
      keep(list, lines, ({ i }) => i, line);
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.passing) throw problem;
    }
  };
  return made;
}

// groups puts finished tasks that follow each other together, with what was published of them, until the state changes.
function groups(entries) {
  const all = [];
  for (const e of entries) {
    const last = all.at(-1);
    const more = last?.[0].task && last[0].event === e.event && last[0].state === e.state;
    if (more) last.push(e);
    else all.push([e]);
  }
  return all;
}

// line is a group, and what the video was after it, if it was something else before. The last one may still grow.
function line() {
  const when = h("time"), since = h("span", { class: "since" }), happened = h("span", { class: "what" });
  const made = h("li", null, when, since, happened);
  let shown = 0;
  made.update = ({ group, start, before }) => {
    if (group.length === shown) return;
    shown = group.length;
    const last = group.at(-1), parts = group.filter((e) => e.task);
    when.dateTime = last.at;
    when.title = moment(last.at);
    text(when, timeOfDay(last.at));
    text(since, last.event === "created" ? "" : after(last, start));
    const changed = last.state !== before && last.event !== "created" && h("b", null, states[last.state] ?? last.state);
    if (parts.length < 2) return fill(happened, changed, what(group[0], changed));
    const folded = happened.querySelector("details") ?? h("details", null, h("summary"), h("ol"));
    text(folded.firstChild, `${plural(parts.length, "part")} encoded`);
    fill(folded.lastChild, parts.map((e) => h("li", null, `${task(e.task)}, ${after(e, start)}`)));
    if (!folded.isConnected) fill(happened, changed, folded);
  };
  return made;
}

const after = (e, start) => `+${span((new Date(e.at) - new Date(start)) / 1000)}`;

function what(e, changed) {
  const now = changed && e.event === "encode.done.v1" && reached[e.state];
  const words = [e.task ? "Encoded" : now || (told[e.event] ?? e.event.replace(/\.v\d+$/, "").replaceAll(".", " "))];
  if (e.task) words.push(task(e.task));
  if (e.asks) words.push(`asked for again ${plural(e.asks, "time")}`);
  if (e.error) words.push(`${e.error.message} (${e.error.code})`);
  return words.join(": ");
}

const task = (t) => (t.kind === "audio" ? `sound, part ${t.number}` : `part ${t.number}, frames ${t.from_frame} to ${t.to_frame - 1}`);
