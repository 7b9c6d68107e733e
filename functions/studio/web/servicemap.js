// The view of the service map: a graph, and the same numbers as tables.
import { get } from "./api.js";
import { replaceChildren, h, replaceChildrenKeepFocus, setVisible, setText } from "./dom.js";
import { pluralize, formatTimeOfDay } from "./format.js";
import { createErrorBox } from "./videostates.js";
import { poll } from "./poll.js";
import { layoutGraph } from "./graphlayout.js";

const lineHeight = 19; // px

export function mount(main, session, signal) {
  const when = h("p", { class: "hint" }, "Loading…"),
    why = createErrorBox(),
    picture = h("div", { class: "scroll map", tabindex: "0", role: "group", "aria-label": "Map of services" }),
    legend = h(
      "p",
      { class: "hint", hidden: true },
      "Numbers on lines are messages or requests a minute, estimated from recent traces.",
    );
  const full = createTable(
    "Queues",
    "queues",
    [["Queue"], ["Waiting"], ["Oldest"], ["Working"], ["Ceiling"], ["Wanted"], ["Dead"], ["Why", true]],
    queueRows,
  );
  const traffic = createTable("Traffic", "traffic", [["From"], ["To", true], ["A minute"], ["What", true]], edgeRows);
  replaceChildren(
    main,
    h("div", { class: "titles" }, h("h1", null, "Map"), when),
    why,
    picture,
    legend,
    h("div", { class: "parts" }, full, traffic),
  );
  poll(
    async () => {
      const map = await get("map", signal);
      why.update(null);
      setText(when, `As of ${formatTimeOfDay(map.at)}. ${summarizeMap(map)}`);
      replaceChildren(picture, renderGraph(map));
      setVisible(
        legend,
        map.edges.some((e) => e.per_minute > 0),
      );
      full.update(map);
      traffic.update(map);
      return totalDepth(map) > 0;
    },
    signal,
    (problem) => {
      setText(
        when,
        problem.status === 404 || problem.status === 501 ? "This Sluice does not tell how busy it is." : "",
      );
      if (problem.status !== 404 && problem.status !== 501) why.update(problem);
      return false;
    },
  );
}

const queuesOf = (service) => service.queues ?? [];
const formatNumber = (n) => (n === undefined || n === null ? "–" : String(Math.round(n * 10) / 10));
const formatRate = (n) => (n === undefined || n === null ? "–" : n >= 10 ? String(Math.round(n)) : formatNumber(n));
const totalDepth = (map) =>
  map.services.flatMap(queuesOf).reduce((sum, q) => sum + (q.waiting ?? 0) + (q.in_flight ?? 0), 0);

function summarizeMap(map) {
  const all = map.services.flatMap(queuesOf);
  const dead = all.reduce((sum, q) => sum + (q.dead ?? 0), 0);
  const busy = totalDepth(map);
  return `${busy === 0 ? "Nothing waits and nothing runs." : `${busy} ${busy === 1 ? "message is" : "messages are"} waiting or being worked on.`}${dead ? ` ${pluralize(dead, "dead letter")}.` : ""}`;
}

// queueLines returns the lines of a node, one for each queue, with the share of its ceiling that is in use.
function queueLines(service) {
  const lanes = queuesOf(service).length > 1;
  return queuesOf(service).map((q) => ({
    words: lanes ? q.lane : `${formatNumber(q.waiting)} waiting`,
    works: `${lanes ? `${formatNumber(q.waiting)} waiting, ` : ""}${q.ceiling ? `${formatNumber(q.in_flight)}/${q.ceiling}` : `${formatNumber(q.in_flight)} busy`}`,
    share: q.ceiling ? Math.min(1, (q.in_flight ?? 0) / q.ceiling) : 0,
    dead: q.dead ?? 0,
  }));
}

function renderGraph(map) {
  const services = new Map(map.services.map((s) => [s.name, s]));
  const narrow = matchMedia("(max-width: 36rem)").matches;
  const size = (name) => ({
    width: services.has(name) ? (narrow ? 172 : 188) : 104,
    height: 36 + (services.has(name) ? queueLines(services.get(name)).length * (lineHeight + 8) : 0),
  });
  const { nodes, paths, width, height } = layoutGraph([...services.keys()], map.edges, size, narrow ? 56 : 104);
  const fastest = Math.max(1, ...map.edges.map((e) => e.per_minute ?? 0));
  return h(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": "The services as a graph; the tables below say the same.",
    },
    h("defs", null, ["busy", "still"].map(arrowMarker)),
    h(
      "g",
      { class: "edges" },
      paths.map(({ edge, d }) =>
        h(
          "path",
          {
            d,
            class: edge.per_minute > 0 ? "busy" : "still",
            "stroke-width": 1.25 + 3 * Math.sqrt((edge.per_minute ?? 0) / fastest),
            "marker-end": `url(#tip-${edge.per_minute > 0 ? "busy" : "still"})`,
          },
          h(
            "title",
            null,
            `${edge.from} → ${edge.to}: ${formatRate(edge.per_minute)} a minute${edge.types?.length ? ` (${edge.types.join(", ")})` : ""}`,
          ),
        ),
      ),
    ),
    h(
      "g",
      null,
      [...nodes].map(([name, box]) => renderNode(name, services.get(name), box)),
    ),
    h(
      "g",
      { class: "rates" },
      paths
        .filter(({ edge }) => edge.per_minute > 0)
        .map(({ edge, x, y }) => h("text", { x, y: y + 4, "text-anchor": "middle" }, formatRate(edge.per_minute))),
    ),
  );
}

const arrowMarker = (kind) =>
  h(
    "marker",
    {
      id: `tip-${kind}`,
      class: kind,
      viewBox: "0 0 8 8",
      refX: 7,
      refY: 4,
      markerWidth: 8,
      markerHeight: 8,
      markerUnits: "userSpaceOnUse",
      orient: "auto",
    },
    h("path", { d: "M0 .5l7.5 3.5L0 7.5z" }),
  );

function renderNode(name, service, { x, y, width, height }) {
  const lines = service ? queueLines(service) : [];
  const made = h(
    "g",
    { class: service ? (lines.some((n) => n.dead) ? "node dead" : "node") : "node outside" },
    h("rect", { x, y, width, height, rx: 8 }),
    h("text", { class: "name", x: x + 12, y: y + 23 }, name),
  );
  lines.forEach((n, i) => {
    const at = y + 33 + i * (lineHeight + 8);
    made.append(
      h("text", { class: "note", x: x + 12, y: at + 11 }, n.words),
      h("text", { class: "note", x: x + width - 12, y: at + 11, "text-anchor": "end" }, n.works),
      h("rect", { class: "rail", x: x + 12, y: at + 17, width: width - 24, height: 3, rx: 1.5 }),
      h("rect", { class: "fill", x: x + 12, y: at + 17, width: (width - 24) * n.share, height: 3, rx: 1.5 }),
    );
  });
  return made;
}

// createTable returns a section with a table; its update takes the service map.
function createTable(title, name, heads, rows) {
  const body = h("tbody");
  const made = h(
    "section",
    { "aria-labelledby": name, hidden: true },
    h("h2", { id: name }, title),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": title },
      h(
        "table",
        null,
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            heads.map(([word, words]) => h("th", { scope: "col", class: words && "words" }, word)),
          ),
        ),
        body,
      ),
    ),
  );
  made.update = (map) => {
    replaceChildrenKeepFocus(body, rows(map));
    setVisible(made, true);
  };
  return made;
}

function queueRows(map) {
  return map.services.flatMap((s) =>
    queuesOf(s).map((q) =>
      h(
        "tr",
        null,
        h("th", { scope: "row" }, q.lane ? `${s.name}, ${q.lane}` : s.name),
        h("td", null, formatNumber(q.waiting)),
        h("td", null, formatNumber(q.oldest_s), q.oldest_s === undefined ? "" : " s"),
        h("td", null, formatNumber(q.in_flight)),
        h("td", null, formatNumber(q.ceiling)),
        h("td", null, formatNumber(q.wanted)),
        h(
          "td",
          null,
          q.dead > 0
            ? h(
                "a",
                { href: "#/letters", "aria-label": `${pluralize(q.dead, "dead letter")} of ${s.name}` },
                formatNumber(q.dead),
              )
            : formatNumber(q.dead),
        ),
        h("td", { class: "words" }, q.reason ?? ""),
      ),
    ),
  );
}

function edgeRows(map) {
  return map.edges.map((e) =>
    h(
      "tr",
      null,
      h("th", { scope: "row" }, e.from),
      h("td", { class: "words" }, e.to),
      h("td", null, formatRate(e.per_minute)),
      h("td", { class: "words" }, (e.types ?? []).join(", ")),
    ),
  );
}
