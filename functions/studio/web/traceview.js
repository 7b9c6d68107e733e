// The trace of a video as a waterfall of spans.
import { Problem, get } from "./api.js";
import { createButton, replaceChildren, h, setVisible, setText } from "./dom.js";
import { formatDollars, pluralize, formatDuration } from "./format.js";

const maxRows = 40; // spans shown at first
const statusTexts = { ok: "done", error: "refused", fault: "failed", throttle: "throttled", running: "running" };

// createTraceView returns a section that is hidden while there is no trace. update reads the trace; cost returns its
// cost.
export function createTraceView(at, signal) {
  const sum = h("p", { class: "hint" }),
    rows = h("tbody");
  const table = h(
    "table",
    { class: "waterfall" },
    h("caption", { class: "visually-hidden" }, "Spans of this video"),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        ["Service", "Began", "Waited", "Took"].map((name) => h("th", { scope: "col" }, name)),
        h("th", { scope: "col", class: "chart" }, h("span", { class: "visually-hidden" }, "Chart")),
      ),
    ),
    rows,
  );
  const more = createButton(
    "Show all",
    () => {
      all = true;
      renderRows();
    },
    { class: "more", hidden: true },
  );
  const made = h(
    "section",
    { class: "trace", "aria-labelledby": "trace", hidden: true },
    h("h2", { id: "trace" }, "Trace"),
    sum,
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Trace" }, table),
    more,
  );
  const opened = new Set();
  let known,
    all = false,
    gone = false;

  function renderRows() {
    const spans = [...known.hops].sort((a, b) => a.start_ms - b.start_ms);
    const end = Math.max(known.duration_ms || 0, ...spans.map((x) => x.start_ms + x.ms), 1);
    setText(
      sum,
      [
        `${pluralize(spans.length, "span")} in ${formatDuration(end / 1000)}`,
        known.traces > 1 && pluralize(known.traces, "trace"),
        !known.complete && "more may come",
      ]
        .filter(Boolean)
        .join(" · "),
    );
    const held = rows.contains(document.activeElement) && document.activeElement.closest("tr").dataset.path;
    replaceChildren(
      rows,
      spans
        .slice(0, all ? spans.length : maxRows)
        .flatMap((span) =>
          spanRows(span, `${span.trace_id} ${span.service} ${Math.round(span.start_ms)}`, 0, end, span),
        ),
    );
    if (held)
      [...rows.children]
        .find((row) => row.dataset.path === held)
        ?.querySelector("button")
        ?.focus({ preventScroll: true });
    setVisible(more, !all && spans.length > maxRows);
  }

  // spanRows returns the row of a span or a step, and those of its steps if it is expanded.
  function spanRows(x, path, depth, end, span) {
    const steps = x.steps ?? [],
      open = opened.has(path);
    const toggle =
      steps.length > 0 &&
      createButton(
        open ? "−" : "+",
        (e) => {
          e.currentTarget.focus(); // some browsers don't
          if (open) opened.delete(path);
          else opened.add(path);
          renderRows();
        },
        { class: "toggle", "aria-expanded": String(open), "aria-label": `Steps of ${x.service ?? x.name}` },
      );
    const notes =
      depth === 0
        ? [
            span.attempt > 1 && `attempt ${span.attempt}`,
            span.cold_start && "cold start",
            x.status !== "ok" && (statusTexts[x.status] ?? x.status),
            x.code,
          ].filter(Boolean)
        : [x.status !== "ok" && (statusTexts[x.status] ?? x.status)].filter(Boolean);
    const row = h(
      "tr",
      { "data-path": path, "data-status": x.status, class: `depth-${Math.min(depth, 3)}` },
      h(
        "th",
        { scope: "row" },
        toggle || h("span", { class: "toggle", "aria-hidden": "true" }),
        x.service ?? x.name,
        notes.length > 0 && h("small", null, notes.join(", ")),
      ),
      h("td", null, formatDuration(x.start_ms / 1000)),
      h("td", null, x.wait_ms > 0 ? formatDuration(x.wait_ms / 1000) : ""),
      h("td", null, formatDuration(x.ms / 1000)),
      h("td", { class: "chart", "aria-hidden": "true" }, renderBar(x, end)),
    );
    return [row, ...(open ? steps.flatMap((step, i) => spanRows(step, `${path}.${i}`, depth + 1, end, span)) : [])];
  }

  made.open = false; // the trace may still change
  made.fresh = false;
  made.cost = () => (known?.cost_usd > 0 ? `about ${formatDollars(known.cost_usd)}` : "");
  made.update = async () => {
    if (gone) return;
    try {
      known = await get(`${at}/trace`, signal);
      made.open = !known.complete;
      made.fresh = true;
      setVisible(made, known.hops.length > 0);
      renderRows();
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status === 429 || problem.status === 0) throw problem;
      gone = problem.code === "route_unknown" || problem.status === 501; // this deployment has no traces
      made.open = false;
    }
  };
  return made;
}

function renderBar(x, end) {
  const bar = (name, from, ms) => {
    const made = h("i", { class: name });
    made.style.setProperty("--from", `${(100 * Math.max(0, from)) / end}%`);
    made.style.setProperty("--long", `${(100 * ms) / end}%`);
    return made;
  };
  return h(
    "span",
    { class: "track" },
    x.wait_ms > 0 && bar("wait", x.start_ms - x.wait_ms, Math.min(x.wait_ms, x.start_ms)),
    bar("ran", x.start_ms, x.ms),
  );
}
