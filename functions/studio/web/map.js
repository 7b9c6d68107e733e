// The map of services: who sends to whom, how deep each queue is and how many work on it. The same is in a table.
import { get } from "./api.js";
import { fill, h, refill, show, text } from "./dom.js";
import { plural, timeOfDay } from "./format.js";
import { failure } from "./states.js";
import { poll } from "./poll.js";
import { layout } from "./layout.js";

const line = 19; // px of a line in a node

export function open(main, session, signal) {
  const when = h("p", { class: "hint" }, "Loading…"), why = failure(), picture = h("div", { class: "scroll map", tabindex: "0", role: "group", "aria-label": "Map of services" }), legend = h("p", { class: "hint", hidden: true }, "Numbers on lines are messages or requests a minute, estimated from recent traces.");
  const full = grid("Queues", "queues", [["Queue"], ["Waiting"], ["Oldest"], ["Working"], ["Ceiling"], ["Wanted"], ["Dead"], ["Why", true]], queues);
  const traffic = grid("Traffic", "traffic", [["From"], ["To", true], ["A minute"], ["What", true]], edges);
  fill(main, h("div", { class: "titles" }, h("h1", null, "Map"), when), why, picture, legend, h("div", { class: "parts" }, full, traffic));
  poll(async () => {
    const map = await get("map", signal);
    why.update(null);
    text(when, `As of ${timeOfDay(map.at)}. ${sentence(map)}`);
    fill(picture, draw(map));
    show(legend, map.edges.some((e) => e.per_minute > 0));
    full.update(map);
    traffic.update(map);
    return depth(map) > 0;
  }, signal, (problem) => {
    text(when, problem.status === 404 || problem.status === 501 ? "This Sluice does not tell how busy it is." : "");
    if (problem.status !== 404 && problem.status !== 501) why.update(problem);
    return false;
  });
}

const of = (service) => service.queues ?? [];
const number = (n) => (n === undefined || n === null ? "–" : String(Math.round(n * 10) / 10));
const rate = (n) => (n === undefined || n === null ? "–" : n >= 10 ? String(Math.round(n)) : number(n));
const depth = (map) => map.services.flatMap(of).reduce((sum, q) => sum + (q.waiting ?? 0) + (q.in_flight ?? 0), 0);

function sentence(map) {
  const all = map.services.flatMap(of);
  const dead = all.reduce((sum, q) => sum + (q.dead ?? 0), 0);
  const busy = depth(map);
  return `${busy === 0 ? "Nothing waits and nothing runs." : `${busy} ${busy === 1 ? "message is" : "messages are"} waiting or being worked on.`}${dead ? ` ${plural(dead, "dead letter")}.` : ""}`;
}

// notes are the lines of a node beneath its name, each with how full its queue is, if it has a ceiling.
function notes(service) {
  const lanes = of(service).length > 1;
  return of(service).map((q) => ({
    words: lanes ? q.lane : `${number(q.waiting)} waiting`,
    works: `${lanes ? `${number(q.waiting)} waiting, ` : ""}${q.ceiling ? `${number(q.in_flight)}/${q.ceiling}` : `${number(q.in_flight)} busy`}`,
    share: q.ceiling ? Math.min(1, (q.in_flight ?? 0) / q.ceiling) : 0, dead: q.dead ?? 0,
  }));
}

function draw(map) {
  const services = new Map(map.services.map((s) => [s.name, s]));
  const narrow = matchMedia("(max-width: 36rem)").matches;
  const size = (name) => ({ width: services.has(name) ? (narrow ? 172 : 188) : 104, height: 36 + (services.has(name) ? notes(services.get(name)).length * (line + 8) : 0) });
  const { nodes, paths, width, height } = layout([...services.keys()], map.edges, size, narrow ? 56 : 104);
  const fastest = Math.max(1, ...map.edges.map((e) => e.per_minute ?? 0));
  return h("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": "The services as a graph; the tables below say the same." },
    h("defs", null, ["busy", "still"].map(tip)),
    h("g", { class: "edges" }, paths.map(({ edge, d }) => h("path", { d, class: edge.per_minute > 0 ? "busy" : "still", "stroke-width": 1.25 + 3 * Math.sqrt((edge.per_minute ?? 0) / fastest), "marker-end": `url(#tip-${edge.per_minute > 0 ? "busy" : "still"})` },
      h("title", null, `${edge.from} → ${edge.to}: ${rate(edge.per_minute)} a minute${edge.types?.length ? ` (${edge.types.join(", ")})` : ""}`)))),
    h("g", null, [...nodes].map(([name, box]) => node(name, services.get(name), box))),
    h("g", { class: "rates" }, paths.filter(({ edge }) => edge.per_minute > 0).map(({ edge, x, y }) => h("text", { x, y: y + 4, "text-anchor": "middle" }, rate(edge.per_minute)))));
}

const tip = (kind) => h("marker", { id: `tip-${kind}`, class: kind, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" }, h("path", { d: "M0 .5l7.5 3.5L0 7.5z" }));

function node(name, service, { x, y, width, height }) {
  const lines = service ? notes(service) : [];
  const made = h("g", { class: service ? (lines.some((n) => n.dead) ? "node dead" : "node") : "node outside" }, h("rect", { x, y, width, height, rx: 8 }), h("text", { class: "name", x: x + 12, y: y + 23 }, name));
  lines.forEach((n, i) => {
    const at = y + 33 + i * (line + 8);
    made.append(h("text", { class: "note", x: x + 12, y: at + 11 }, n.words), h("text", { class: "note", x: x + width - 12, y: at + 11, "text-anchor": "end" }, n.works),
      h("rect", { class: "rail", x: x + 12, y: at + 17, width: width - 24, height: 3, rx: 1.5 }), h("rect", { class: "fill", x: x + 12, y: at + 17, width: (width - 24) * n.share, height: 3, rx: 1.5 }));
  });
  return made;
}

// grid is a table; update takes the map, of which it has the rows.
function grid(title, name, heads, rows) {
  const body = h("tbody");
  const made = h("section", { "aria-labelledby": name, hidden: true }, h("h2", { id: name }, title), h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title },
    h("table", null, h("thead", null, h("tr", null, heads.map(([word, words]) => h("th", { scope: "col", class: words && "words" }, word)))), body)));
  made.update = (map) => {
    refill(body, rows(map));
    show(made, true);
  };
  return made;
}

function queues(map) {
  return map.services.flatMap((s) => of(s).map((q) => h("tr", null,
    h("th", { scope: "row" }, q.lane ? `${s.name}, ${q.lane}` : s.name), h("td", null, number(q.waiting)), h("td", null, number(q.oldest_s), q.oldest_s === undefined ? "" : " s"), h("td", null, number(q.in_flight)),
    h("td", null, number(q.ceiling)), h("td", null, number(q.wanted)), h("td", null, q.dead > 0 ? h("a", { href: "#/letters", "aria-label": `${plural(q.dead, "dead letter")} of ${s.name}` }, number(q.dead)) : number(q.dead)), h("td", { class: "words" }, q.reason ?? ""))));
}

function edges(map) {
  return map.edges.map((e) => h("tr", null, h("th", { scope: "row" }, e.from), h("td", { class: "words" }, e.to), h("td", null, rate(e.per_minute)), h("td", { class: "words" }, (e.types ?? []).join(", "))));
}
