// The waterfall of a video: each hop through a service, when it began, how long it waited before, and what it did.
import { Problem, get } from "./api.js";
import { button, fill, h, show, text } from "./dom.js";
import { dollars, plural, span } from "./format.js";

const most = 40; // hops shown at first
const said = { ok: "done", error: "refused", fault: "failed", throttle: "throttled", running: "running" };

// waterfall is a section that is hidden while the API has no trace. update asks for it; cost tells what it came to.
export function waterfall(at, signal) {
  const sum = h("p", { class: "hint" }), rows = h("tbody");
  const table = h("table", { class: "waterfall" }, h("caption", { class: "aside" }, "Hops of this video through the services"),
    h("thead", null, h("tr", null, ["Service", "Began", "Waited", "Took"].map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col", class: "chart" }, h("span", { class: "aside" }, "Chart")))), rows);
  const more = button("Show all", () => { all = true; draw(); }, { class: "more", hidden: true });
  const made = h("section", { class: "trace", "aria-labelledby": "trace", hidden: true }, h("h2", { id: "trace" }, "Trace"), sum, h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Trace" }, table), more);
  const opened = new Set();
  let known, all = false, gone = false;

  function draw() {
    const hops = [...known.hops].sort((a, b) => a.start_ms - b.start_ms);
    const end = Math.max(known.duration_ms || 0, ...hops.map((x) => x.start_ms + x.ms), 1);
    text(sum, [`${plural(hops.length, "hop")} in ${span(end / 1000)}`, known.traces > 1 && plural(known.traces, "trace"), !known.complete && "more may come"].filter(Boolean).join(" · "));
    const held = rows.contains(document.activeElement) && document.activeElement.closest("tr").dataset.path;
    fill(rows, hops.slice(0, all ? hops.length : most).flatMap((hop) => lines(hop, `${hop.trace_id} ${hop.service} ${Math.round(hop.start_ms)}`, 0, end, hop)));
    if (held) [...rows.children].find((row) => row.dataset.path === held)?.querySelector("button")?.focus({ preventScroll: true });
    show(more, !all && hops.length > most);
  }

  // lines are the row of a hop or a step, and those of its steps if it is open.
  function lines(x, path, depth, end, hop) {
    const steps = x.steps ?? [], open = opened.has(path);
    const toggle = steps.length > 0 && button(open ? "−" : "+", (e) => {
      e.currentTarget.focus(); // not every browser does
      if (open) opened.delete(path); else opened.add(path);
      draw();
    }, { class: "toggle", "aria-expanded": String(open), "aria-label": `Steps of ${x.service ?? x.name}` });
    const notes = depth === 0 ? [hop.attempt > 1 && `attempt ${hop.attempt}`, hop.cold_start && "cold start", x.status !== "ok" && (said[x.status] ?? x.status), x.code].filter(Boolean) : [x.status !== "ok" && (said[x.status] ?? x.status)].filter(Boolean);
    const row = h("tr", { "data-path": path, "data-status": x.status, class: `depth-${Math.min(depth, 3)}` },
      h("th", { scope: "row" }, toggle || h("span", { class: "toggle", "aria-hidden": "true" }), x.service ?? x.name, notes.length > 0 && h("small", null, notes.join(", "))),
      h("td", null, span(x.start_ms / 1000)), h("td", null, x.wait_ms > 0 ? span(x.wait_ms / 1000) : ""), h("td", null, span(x.ms / 1000)),
      h("td", { class: "chart", "aria-hidden": "true" }, chart(x, end)));
    return [row, ...(open ? steps.flatMap((step, i) => lines(step, `${path}.${i}`, depth + 1, end, hop)) : [])];
  }

  made.open = false; // it may still change
  made.fresh = false;
  made.cost = () => (known?.cost_usd > 0 ? `about ${dollars(known.cost_usd)}` : "");
  made.update = async () => {
    if (gone) return;
    try {
      known = await get(`${at}/trace`, signal);
      made.open = !known.complete;
      made.fresh = true;
      show(made, known.hops.length > 0);
      draw();
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status === 429 || problem.status === 0) throw problem;
      gone = problem.code === "route_unknown" || problem.status === 501; // this Sluice keeps no traces
      made.open = false;
    }
  };
  return made;
}

function chart(x, end) {
  const bar = (name, from, ms) => {
    const made = h("i", { class: name });
    made.style.setProperty("--from", `${(100 * Math.max(0, from)) / end}%`);
    made.style.setProperty("--long", `${(100 * ms) / end}%`);
    return made;
  };
  return h("span", { class: "track" }, x.wait_ms > 0 && bar("wait", x.start_ms - x.wait_ms, Math.min(x.wait_ms, x.start_ms)), bar("ran", x.start_ms, x.ms));
}
