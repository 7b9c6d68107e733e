// Lays out the graph of services: in columns by the distance from the entry points, in rows so that few edges cross.

const gap = { row: 22, port: 12, rim: 30 };
const sources = ["gateway", "s3", "clock", "producers"];

// layoutGraph returns the place of each node, and the path of each edge with the place of its label. between is the gap
// between columns, in pixels.
export function layoutGraph(names, edges, size, between = 104) {
  const all = [
    ...new Set([
      ...sources.filter((s) => edges.some((e) => e.from === s)),
      ...names,
      ...edges.flatMap((e) => [e.from, e.to]),
    ]),
  ];
  const linked = all.filter((n) => edges.some((e) => e.from === n || e.to === n));
  const columns = arrangeColumns(
    linked,
    edges,
    all.filter((n) => !linked.includes(n)),
  );
  const height = Math.max(...columns.map((column) => columnHeight(column, size)));
  const nodes = new Map();
  let x = 2;
  for (const column of columns) {
    let y = 2 + (height - columnHeight(column, size)) / 2;
    for (const name of column) {
      const box = size(name);
      nodes.set(name, { x, y, ...box });
      y += box.height + gap.row;
    }
    x += Math.max(...column.map((n) => size(n).width)) + between;
  }
  const paths = routeEdges(
    edges.filter((e) => e.from !== e.to),
    nodes,
  );
  const bulges = paths.some((p) => p.bulge && p.x > x - between);
  return { nodes, paths, width: x - between + 2 + (bulges ? gap.rim : 0), height: height + 4 };
}

const columnHeight = (column, size) => column.reduce((sum, n) => sum + size(n).height + gap.row, -gap.row);

// arrangeColumns returns the columns. Nodes without edges are last in the second one.
function arrangeColumns(linked, edges, alone) {
  const far = new Map(linked.filter((n) => sources.includes(n) || !edges.some((e) => e.to === n)).map((n) => [n, 0]));
  for (const queue = [...far.keys()]; queue.length;) {
    const from = queue.shift();
    for (const e of edges) {
      if (e.from !== from || far.has(e.to)) continue;
      far.set(e.to, far.get(from) + 1);
      queue.push(e.to);
    }
  }
  const columns = [];
  for (const n of linked) (columns[far.get(n) ?? 1] ??= []).push(n);
  const filled = columns.filter(Boolean);
  for (let round = 0; round < 4; round++) for (const column of filled) sortColumn(column, filled, edges);
  if (alone.length) (filled[1] ?? (filled[0] ??= [])).push(...alone);
  return filled;
}

// sortColumn sorts a column by the rows of each node's neighbours.
function sortColumn(column, columns, edges) {
  const place = new Map(columns.flatMap((c) => c.map((n, i) => [n, (i + 0.5) / c.length])));
  const middle = (n) => {
    const near = edges
      .flatMap((e) => (e.from === n ? [e.to] : e.to === n ? [e.from] : []))
      .filter((m) => !column.includes(m));
    return near.length ? near.reduce((sum, m) => sum + place.get(m), 0) / near.length : 1;
  };
  const at = new Map(column.map((n) => [n, middle(n)]));
  column.sort((a, b) => at.get(a) - at.get(b));
}

// edgeSides returns at which sides of its nodes an edge begins and ends: forward edges leave at the right, backward
// edges at the left; within a column, down at the right and up at the left.
function edgeSides(a, b) {
  if (a.x < b.x) return ["right", "left"];
  if (a.x > b.x) return ["left", "right"];
  return a.y < b.y ? ["right", "right"] : ["left", "left"];
}

// routeEdges gives each end of each edge a port of its own at a side of the node, and connects the two.
function routeEdges(edges, nodes) {
  const ports = new Map();
  const ends = edges.map((edge) => {
    const a = nodes.get(edge.from),
      b = nodes.get(edge.to);
    const [out, into] = edgeSides(a, b);
    return { edge, from: addPort(ports, edge.from, out, a, b), to: addPort(ports, edge.to, into, b, a) };
  });
  for (const list of ports.values()) {
    list.sort((p, q) => p.towards - q.towards);
    list.forEach((p, i) => {
      p.y += (i - (list.length - 1) / 2) * Math.min(gap.port, (p.height - 14) / Math.max(1, list.length - 1));
    });
  }
  const many = (name, key) => edges.filter((e) => e[key] === name).length;
  return ends.map(({ edge, from, to }) =>
    curveEdge(edge, from, to, many(edge.from, "from") > many(edge.to, "to") ? 0.72 : 0.28),
  );
}

function addPort(ports, name, side, node, other) {
  const made = {
    x: side === "right" ? node.x + node.width : node.x,
    y: node.y + node.height / 2,
    out: side === "right" ? 1 : -1,
    height: node.height,
    towards: other.y + other.height / 2,
  };
  const key = `${name} ${side}`;
  ports.set(key, [...(ports.get(key) ?? []), made]);
  return made;
}

// curveEdge connects two ports. The label is where it collides least with others.
function curveEdge(edge, from, to, part) {
  const bulge = from.out === to.out;
  const bend = bulge ? gap.rim : Math.abs(to.x - from.x) / 2;
  const [x1, x2] = [from.x + from.out * bend, to.x + to.out * bend];
  const on = (a, b, c, d, t = part) =>
    (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;
  return {
    edge,
    bulge,
    d: `M${from.x} ${from.y}C${x1} ${from.y} ${x2} ${to.y} ${to.x} ${to.y}`,
    x: on(from.x, x1, x2, to.x),
    y: on(from.y, from.y, to.y, to.y),
  };
}
