// The view of one video.
import { Problem, request, get, requestWithRetry } from "./api.js";
import {
  openDialog,
  createButton,
  replaceChildren,
  h,
  uniqueID,
  replaceChildrenKeepFocus,
  announce,
  setVisible,
  setText,
} from "./dom.js";
import { formatAge, formatBytes, formatClock, formatDateTime, formatDuration } from "./format.js";
import { poll } from "./poll.js";
import { createPlayer } from "./player.js";
import { createStateBadge, createErrorBox, isInProgress, isPlayable, createStages } from "./videostates.js";
import { createTimeline } from "./timeline.js";
import { createTraceView } from "./traceview.js";

export function mount(main, session, signal, key) {
  const at = `videos/${encodeURIComponent(key)}`;
  const why = createErrorBox(),
    body = h("div", { class: "video", hidden: true }),
    wait = h("p", { class: "hint" }, "Loading…");
  const name = createTitle(at, session),
    state = createStateBadge(),
    when = h("span", { class: "hint" }),
    line = createStages(),
    player = createPlayer(signal);
  const links = h("ul", { class: "links" }),
    facts = h("dl", { class: "facts" });
  const trace = createTraceView(at, signal),
    past = createTimeline(at, signal),
    cost = trace.cost;
  const remove = createButton("Delete video", () => deleteVideo(at, name.now, why), { class: "danger quiet" });
  replaceChildren(
    body,
    player,
    h("section", { "aria-label": "Progress" }, line),
    h(
      "div",
      { class: "columns" },
      h("section", { "aria-labelledby": "about" }, h("h2", { id: "about" }, "About"), facts),
      h("section", { "aria-labelledby": "links" }, h("h2", { id: "links" }, "Links"), links),
    ),
    trace,
    past,
    session.may("videos:write") && h("footer", { class: "row end" }, remove),
  );
  replaceChildren(
    main,
    h("p", { class: "back" }, h("a", { href: "#/" }, "Videos")),
    h("div", { class: "titles" }, name, h("p", { class: "sub" }, state, when)),
    why,
    wait,
    body,
  );

  let last;
  poll(
    async () => {
      const v = await get(at, signal);
      setVisible(wait, false);
      setVisible(body, true);
      why.update(v.error);
      name.update(v.title);
      document.title = `${v.title} · Sluice`;
      state.update(v.state);
      line.update({ video: v });
      player.update(v, isPlayable(v));
      setText(
        when,
        (v.state === "playable" &&
          v.media &&
          player.playableSeconds() > 0 &&
          `${formatClock(player.playableSeconds())} of ${formatClock(v.media.duration_seconds)} so far`) ||
          `added ${formatAge(v.created_at)}`,
      );
      replaceIfChanged(facts, videoDetails(v, cost()));
      replaceIfChanged(links, linkRows(v));
      if (last && last !== v.state) announce(`The video is ${v.state}.`);
      if (last !== v.state || isInProgress(v) || trace.open)
        await Promise.all([past.update(), trace.update(isInProgress(v))]);
      last = v.state;
      if (trace.fresh) replaceIfChanged(facts, videoDetails(v, cost()));
      return isInProgress(v);
    },
    signal,
    (problem) => {
      if (problem.status !== 404) {
        why.update(problem);
        return true;
      }
      setVisible(wait, false);
      setVisible(body, false);
      name.update(last === "deleting" ? "Deleted" : "No such video");
      state.update("");
      setText(
        when,
        last === "deleting"
          ? "All that belonged to it is gone."
          : "There is none of this id, or it is another tenant’s.",
      );
      return false;
    },
  );
}

// replaceIfChanged replaces a list only if its text has changed, so that selection and focus stay.
function replaceIfChanged(list, children) {
  const next = replaceChildren(list.cloneNode(false), children);
  if (next.textContent !== list.textContent) replaceChildrenKeepFocus(list, ...next.childNodes);
}

function videoDetails(v, cost) {
  const m = v.media;
  const rows = [
    ["Length", m && formatClock(m.duration_seconds)],
    ["Picture", m && `${m.width} × ${m.height}, ${m.frame_rate} fps, ${m.video_codec}`],
    ["Sound", m && (m.audio_codec ?? "none")],
    ["Renditions", v.renditions?.join(", ")],
    ["File", [v.source.name, v.source.size > 0 && formatBytes(v.source.size)].filter(Boolean).join(", ")],
    ["Playable", timeToPlayable(v)],
    ["Cost", cost],
    ["Added", formatDateTime(v.created_at)],
    ["Id", h("code", null, v.id)],
    ["External id", v.external_id],
    ...Object.entries(v.metadata ?? {}),
  ];
  return rows
    .filter(([, value]) => value)
    .map(([term, value]) => h("div", null, h("dt", null, term), h("dd", null, value)));
}

// timeToPlayable returns how long after its upload the video became playable.
function timeToPlayable(v) {
  const there = v.stages?.find((s) => s.name === "upload")?.ended_at;
  return v.playable_at && there
    ? `${formatDuration((new Date(v.playable_at) - new Date(there)) / 1000)} after its upload`
    : "";
}

function linkRows(v) {
  const rows = [
    ["HLS", v.playback.hls, "for players"],
    ["Page", v.playback.watch, "to watch and to embed"],
  ].filter(([, to]) => to && /^https?:/.test(to));
  if (rows.length === 0) return [h("li", { class: "hint" }, "It can’t be watched.")];
  return rows.map(([label, to, what]) =>
    h(
      "li",
      null,
      h("span", { class: "label" }, label, h("small", null, what)),
      h("a", { href: to, target: "_blank", rel: "noreferrer noopener" }, to),
      createButton("Copy", (e) => copyLink(to, label, e.currentTarget), {
        class: "quiet",
        "aria-label": `Copy the ${label} link`,
      }),
    ),
  );
}

async function copyLink(words, label, from) {
  try {
    await navigator.clipboard.writeText(words);
    setText(from, "Copied");
    announce(`The ${label} link is copied.`);
    setTimeout(() => setText(from, "Copy"), 2000);
  } catch {
    getSelection().selectAllChildren(from.parentNode.querySelector("a")); // copying is not allowed: select the link
    announce("The link is selected.");
  }
}

// createTitle returns the title of a video, which can be edited in place.
function createTitle(at, session) {
  const heading = h("h1", null, "Video");
  const edit = session.may("videos:write") && createButton("Rename", () => begin(), { class: "quiet", hidden: true });
  const made = h("div", { class: "title" }, heading, edit);
  made.now = "";
  made.update = (words) => {
    made.now = words;
    setText(heading, words);
    if (edit) setVisible(edit, true);
  };
  function begin() {
    const field = uniqueID("title"),
      notice = uniqueID("notice");
    const input = h("input", { id: field, maxlength: 200, "aria-describedby": notice });
    const wrong = h("p", { id: notice, class: "field-error", role: "alert" });
    input.value = made.now;
    const end = () => {
      replaceChildren(made, heading, edit);
      edit.focus();
    };
    const form = h(
      "form",
      {
        class: "row",
        onsubmit: async (e) => {
          e.preventDefault();
          try {
            made.update((await request("PATCH", at, { body: { title: input.value.trim() } })).title);
            announce("Renamed.");
            end();
          } catch (problem) {
            if (!(problem instanceof Problem)) throw problem;
            setText(wrong, problem.fieldErrors[0]?.detail ?? problem.message);
          }
        },
        onkeydown: (e) => e.key === "Escape" && end(),
      },
      h("label", { for: field, class: "visually-hidden" }, "Title"),
      input,
      h("button", { type: "submit", class: "primary" }, "Save"),
      createButton("Cancel", end),
      wrong,
    );
    replaceChildren(made, form);
    input.select();
    input.focus();
  }
  return made;
}

async function deleteVideo(at, name, why) {
  const sure = await openDialog({
    title: "Delete this video?",
    body: `“${name}” goes with its original, all renditions and its links. It can’t be undone.`,
    yes: "Delete",
    danger: true,
  });
  if (!sure) return;
  try {
    await requestWithRetry("DELETE", at);
    announce("The video is being deleted.");
    location.hash = "#/";
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    why.update(problem);
  }
}
