// States of videos in words, and the stages that they go through.
import { fill, h, share, show, text } from "./dom.js";
import { bytes, plural, span } from "./format.js";

export const words = {
  waiting: "Waiting for its file", uploaded: "Uploaded", processing: "Processing", playable: "Playable", ready: "Ready",
  published: "Published", failed: "Failed", cancelled: "Cancelled", deleting: "Being deleted",
};

export const moving = (video) => ["uploaded", "processing", "playable", "deleting"].includes(video.state);
export const plays = (video) => ["playable", "ready", "published"].includes(video.state) && Boolean(video.playback?.hls);

// badge is a state as a dot and a word.
export function badge(state = "") {
  const word = h("span");
  const made = h("span", { class: "state" }, h("i", { "aria-hidden": "true" }), word);
  made.update = (now) => {
    made.dataset.state = now;
    text(word, words[now] ?? now);
  };
  made.update(state);
  return made;
}

const names = { upload: "Upload", inspect: "Inspect", encode: "Encode", publish: "Publish" };
const said = { waiting: "not begun", running: "running", done: "done", failed: "failed", stopped: "stopped" };

// stages is the way of a video: four steps, each with its time. update takes a video, or an upload before there is one.
export function stages() {
  const steps = Object.keys(names).map((name) => {
    const time = h("span", { class: "time" }), note = h("span", { class: "note" }), state = h("span", { class: "aside" });
    const step = h("li", { "data-state": "waiting" }, h("span", { class: "bar", "aria-hidden": "true" }), h("span", { class: "name" }, names[name]), time, note, state);
    return { name, step, time, note, state };
  });
  const made = h("ol", { class: "stages", "aria-label": "Stages" }, steps.map((s) => s.step));
  made.update = ({ video, upload }) => {
    for (const s of steps) paint(s, video ? ofVideo(video, s.name) : ofUpload(upload, s.name));
  };
  return made;
}

function paint(s, { state, took, part, note }) {
  s.step.dataset.state = state;
  s.step.classList.toggle("unknown", state === "running" && part < 0);
  share(s.step, state === "done" ? 1 : Math.max(0, part));
  text(s.time, took === undefined || state === "waiting" ? "" : span(took));
  text(s.note, note);
  text(s.state, `, ${said[state] ?? state}`);
}

function ofUpload(u, name) {
  if (name !== "upload" || u.state === "queued") return { state: "waiting", part: 0, note: "" };
  const state = { failed: "failed", cancelled: "stopped", cancelling: "stopped", sent: "done" }[u.state] ?? "running";
  const note = state === "running" && u.sent < u.file.size ? rate(u) : "";
  return { state, took: u.began ? ((u.ended || Date.now()) - u.began) / 1000 : 0, part: u.file.size ? u.sent / u.file.size : 0, note };
}

// rate is how fast an upload is and what is left of it.
function rate(u) {
  if (!u.speed) return "";
  return `${bytes(Math.round(u.speed))}/s, ${span((u.file.size - u.sent) / u.speed)} left`;
}

function ofVideo(v, name) {
  const stage = v.stages?.find((s) => s.name === name) ?? { state: "waiting", seconds: 0 };
  const { tasks_done: done, tasks_total: total } = v.progress ?? {};
  let part = -1, note = "";
  if (name === "encode" && total > 0) {
    part = done / total;
    note = stage.state === "done" ? plural(v.renditions.length, "rendition") : stage.state === "waiting" ? "" : `${done} of ${total} parts`;
  }
  return { state: stage.state, took: stage.seconds, part, note };
}

// failure says why something failed and what to do; nothing if problem is missing.
export function failure(problem, code = problem?.code) {
  const made = h("div", { class: "failure", role: "group", "aria-label": "Why it failed" });
  made.update = (p) => {
    show(made, Boolean(p));
    if (!p || made.dataset.said === `${p.code} ${p.message}`) return;
    made.dataset.said = `${p.code} ${p.message}`;
    fill(made, h("p", null, p.message), p.code && h("p", { class: "hint" }, h("a", { href: `#/codes/${encodeURIComponent(p.code)}` }, h("code", null, p.code), " and what to do")));
    for (const flaw of p.flaws ?? []) made.append(h("p", { class: "hint" }, flaw.detail));
  };
  made.update(problem && { ...problem, code, message: problem.message, flaws: problem.flaws });
  return made;
}
