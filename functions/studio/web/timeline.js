// The timeline of a video.
import { Problem, get } from "./api.js";
import { replaceChildren, h, reconcileList, setVisible, setText } from "./dom.js";
import { stateLabels as states } from "./videostates.js";
import { formatDateTime, pluralize, formatDuration, formatTimeOfDay } from "./format.js";

const eventTexts = {
  created: "Created",
  "upload.completed.v1": "The file is there",
  "upload.cancelled.v1": "The upload was cancelled",
  "media.inspected.v1": "Inspected and planned",
  "media.refused.v1": "Refused",
  "media.unindexed.v1": "A copy with an index is requested",
  "remux.done.v1": "The copy was made",
  "encode.done.v1": "A task is done",
  "encode.failed.v1": "A part could not be encoded",
  "delete.requested.v1": "Deletion was requested",
  "sweep.done.v1": "Objects were purged",
  "deadline.passed.v1": "A deadline passed",
  "fetch.failed.v1": "The file could not be fetched",
};

const stateTexts = { playable: "Enough is there to begin", ready: "All parts are there" };

// createTimeline returns a section whose update reads the timeline.
export function createTimeline(at, signal) {
  const list = h("ol", { class: "timeline" });
  const made = h(
    "section",
    { "aria-labelledby": "timeline", hidden: true },
    h("h2", { id: "timeline" }, "Timeline"),
    list,
  );
  let shown = 0;
  made.update = async () => {
    try {
      const { entries } = await get(`${at}/timeline`, signal);
      setVisible(made, true);
      if (entries.length === shown) return;
      shown = entries.length;
      const lines = groupEntries(entries).map((group, i, all) => ({
        i,
        group,
        start: entries[0].at,
        before: all[i - 1]?.at(-1).state,
      }));
      reconcileList(list, lines, ({ i }) => i, createTimelineRow);
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.retryable) throw problem;
    }
  };
  return made;
}

// groupEntries groups consecutive finished tasks of the same state.
function groupEntries(entries) {
  const all = [];
  for (const e of entries) {
    const last = all.at(-1);
    const more = last?.[0].task && last[0].event === e.event && last[0].state === e.state;
    if (more) last.push(e);
    else all.push([e]);
  }
  return all;
}

// createTimelineRow returns the row of a group, with the video's state if it changed. The last group may still grow.
function createTimelineRow() {
  const when = h("time"),
    since = h("span", { class: "since" }),
    happened = h("span", { class: "what" });
  const made = h("li", null, when, since, happened);
  let shown = 0;
  made.update = ({ group, start, before }) => {
    if (group.length === shown) return;
    shown = group.length;
    const last = group.at(-1),
      parts = group.filter((e) => e.task);
    when.dateTime = last.at;
    when.title = formatDateTime(last.at);
    setText(when, formatTimeOfDay(last.at));
    setText(since, last.event === "created" ? "" : timeSinceStart(last, start));
    const changed = last.state !== before && last.event !== "created" && h("b", null, states[last.state] ?? last.state);
    if (parts.length < 2) return replaceChildren(happened, changed, describeEntry(group[0], changed));
    const folded = happened.querySelector("details") ?? h("details", null, h("summary"), h("ol"));
    setText(folded.firstChild, `${pluralize(parts.length, "part")} encoded`);
    replaceChildren(
      folded.lastChild,
      parts.map((e) => h("li", null, `${describeTask(e.task)}, ${timeSinceStart(e, start)}`)),
    );
    if (!folded.isConnected) replaceChildren(happened, changed, folded);
  };
  return made;
}

const timeSinceStart = (e, start) => `+${formatDuration((new Date(e.at) - new Date(start)) / 1000)}`;

function describeEntry(e, changed) {
  const now = changed && e.event === "encode.done.v1" && stateTexts[e.state];
  const words = [
    e.task ? "Encoded" : now || (eventTexts[e.event] ?? e.event.replace(/\.v\d+$/, "").replaceAll(".", " ")),
  ];
  if (e.task) words.push(describeTask(e.task));
  if (e.asks) words.push(`asked for again ${pluralize(e.asks, "time")}`);
  if (e.error) words.push(`${e.error.message} (${e.error.code})`);
  return words.join(": ");
}

const describeTask = (t) =>
  t.kind === "audio" ? `sound, part ${t.number}` : `part ${t.number}, frames ${t.from_frame} to ${t.to_frame - 1}`;
