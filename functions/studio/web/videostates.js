// The states and stages of videos.
import { replaceChildren, h, setBarShare, setVisible, setText } from "./dom.js";
import { formatBytes, pluralize, formatDuration } from "./format.js";

export const stateLabels = {
  waiting: "Waiting for its file",
  uploaded: "Uploaded",
  processing: "Processing",
  playable: "Playable",
  ready: "Ready",
  published: "Published",
  failed: "Failed",
  cancelled: "Cancelled",
  deleting: "Being deleted",
};

export const isInProgress = (video) => ["uploaded", "processing", "playable", "deleting"].includes(video.state);
export const isPlayable = (video) =>
  ["playable", "ready", "published"].includes(video.state) && Boolean(video.playback?.hls);

// createStateBadge returns a state as a dot and a label.
export function createStateBadge(state = "") {
  const word = h("span");
  const made = h("span", { class: "state" }, h("i", { "aria-hidden": "true" }), word);
  made.update = (now) => {
    made.dataset.state = now;
    setText(word, stateLabels[now] ?? now);
  };
  made.update(state);
  return made;
}

const stageNames = { upload: "Upload", inspect: "Inspect", encode: "Encode", publish: "Publish" };
const stageStateLabels = {
  waiting: "not begun",
  running: "running",
  done: "done",
  failed: "failed",
  stopped: "stopped",
};

// createStages returns the four stages of a video with their times. update takes a video, or an upload before there is
// one.
export function createStages() {
  const steps = Object.keys(stageNames).map((name) => {
    const time = h("span", { class: "time" }),
      note = h("span", { class: "note" }),
      state = h("span", { class: "visually-hidden" });
    const step = h(
      "li",
      { "data-state": "waiting" },
      h("span", { class: "bar", "aria-hidden": "true" }),
      h("span", { class: "name" }, stageNames[name]),
      time,
      note,
      state,
    );
    return { name, step, time, note, state };
  });
  const made = h(
    "ol",
    { class: "stages", "aria-label": "Stages" },
    steps.map((s) => s.step),
  );
  made.update = ({ video, upload }) => {
    for (const s of steps) renderStage(s, video ? videoStage(video, s.name) : uploadStage(upload, s.name));
  };
  return made;
}

function renderStage(s, { state, took, part, note }) {
  s.step.dataset.state = state;
  s.step.classList.toggle("unknown", state === "running" && part < 0);
  setBarShare(s.step, state === "done" ? 1 : Math.max(0, part));
  setText(s.time, took === undefined || state === "waiting" ? "" : formatDuration(took));
  setText(s.note, note);
  setText(s.state, `, ${stageStateLabels[state] ?? state}`);
}

function uploadStage(u, name) {
  if (name !== "upload" || u.state === "queued") return { state: "waiting", part: 0, note: "" };
  const state = { failed: "failed", cancelled: "stopped", cancelling: "stopped", sent: "done" }[u.state] ?? "running";
  const note = state === "running" && u.sent < u.file.size ? uploadRateText(u) : "";
  return {
    state,
    took: u.began ? ((u.ended || Date.now()) - u.began) / 1000 : 0,
    part: u.file.size ? u.sent / u.file.size : 0,
    note,
  };
}

// uploadRateText returns the speed of an upload and the time that is left.
function uploadRateText(u) {
  if (!u.speed) return "";
  return `${formatBytes(Math.round(u.speed))}/s, ${formatDuration((u.file.size - u.sent) / u.speed)} left`;
}

function videoStage(v, name) {
  const stage = v.stages?.find((s) => s.name === name) ?? { state: "waiting", seconds: 0 };
  const { tasks_done: done, tasks_total: total } = v.progress ?? {};
  let part = -1,
    note = "";
  if (name === "encode" && total > 0) {
    part = done / total;
    note =
      stage.state === "done"
        ? pluralize(v.renditions.length, "rendition")
        : stage.state === "waiting"
          ? ""
          : `${done} of ${total} parts`;
  }
  return { state: stage.state, took: stage.seconds, part, note };
}

// createErrorBox shows a problem and links its code; it is hidden without one.
export function createErrorBox(problem, code = problem?.code) {
  const made = h("div", { class: "failure", role: "group", "aria-label": "Why it failed" });
  made.update = (p) => {
    setVisible(made, Boolean(p));
    if (!p || made.dataset.said === `${p.code} ${p.message}`) return;
    made.dataset.said = `${p.code} ${p.message}`;
    replaceChildren(
      made,
      h("p", null, p.message),
      p.code &&
        h(
          "p",
          { class: "hint" },
          h("a", { href: `#/codes/${encodeURIComponent(p.code)}` }, h("code", null, p.code), " and what to do"),
        ),
    );
    for (const field of p.fieldErrors ?? []) made.append(h("p", { class: "hint" }, field.detail));
  };
  made.update(problem && { ...problem, code, message: problem.message, fieldErrors: problem.fieldErrors });
  return made;
}
