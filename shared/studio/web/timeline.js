// All that has happened to a video, in order.
import { Problem, get } from "./api.js";
import { fill, h, show } from "./dom.js";
import { words as states } from "./states.js";
import { moment, plural, span, timeOfDay } from "./format.js";

const told = {
  created: "Created", "upload.completed.v1": "The file is there", "upload.cancelled.v1": "The upload was cancelled",
  "media.inspected.v1": "Inspected and planned", "media.refused.v1": "Refused", "encode.done.v1": "All parts are there", "encode.failed.v1": "A part could not be encoded",
  "delete.requested.v1": "Deletion was asked for", "sweep.done.v1": "Some of it is removed",
  "deadline.passed.v1": "Looked after: a step took long", "fetch.failed.v1": "The file could not be fetched",
};

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
      fill(list, groups(entries).map((group, i, all) => line(group, entries[0].at, all[i - 1]?.at(-1).state)));
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.passing) throw problem;
    }
  };
  return made;
}

// groups puts finished tasks that follow each other together.
function groups(entries) {
  const all = [];
  for (const e of entries) {
    const last = all.at(-1);
    if (e.task && last?.[0].task && last[0].event === e.event) last.push(e);
    else all.push([e]);
  }
  return all;
}

// line is a group, and what the video was after it, if it was something else before.
function line(group, start, before) {
  const first = group[0], last = group.at(-1);
  const since = span((new Date(last.at) - new Date(start)) / 1000);
  return h("li", null, h("time", { datetime: last.at, title: moment(last.at) }, timeOfDay(last.at)), h("span", { class: "since" }, last === first && first.event === "created" ? "" : `+${since}`),
    h("span", { class: "what" }, last.state !== before && last.event !== "created" && h("b", null, states[last.state] ?? last.state), group.length === 1 ? what(first) : h("details", null, h("summary", null, `${plural(group.length, "part")} encoded`),
      h("ol", null, group.map((e) => h("li", null, `${task(e.task)}, +${span((new Date(e.at) - new Date(start)) / 1000)}`))))));
}

function what(e) {
  const words = [e.task ? "Encoded" : told[e.event] ?? e.event.replace(/\.v\d+$/, "").replaceAll(".", " ")];
  if (e.task) words.push(task(e.task));
  if (e.asks) words.push(`asked for again ${plural(e.asks, "time")}`);
  if (e.error) words.push(`${e.error.message} (${e.error.code})`);
  return words.join(": ");
}

const task = (t) => (t.kind === "audio" ? `sound, part ${t.number}` : `part ${t.number}, frames ${t.from_frame} to ${t.to_frame - 1}`);
