// Places the services of a map: in columns by how far they are from where work comes in, in rows so that few edges
// cross. Pure.

const gap = { row: 22, port: 12, rim: 30 };
const sources = ["gateway", "s3", "clock", "producers"];

// layout returns where each node is, and the path of each edge with the place of its label. between is the gap between
// columns, in pixels.
export function layout(names, edges, size, between = 104) {
  const all = [...new Set([...sources.filter((s) => edges.some((e) => e.from === s)), ...names, ...edges.flatMap((e) => [e.from, e.to])])];
  const linked = all.filter((n) => edges.some((e) => e.from === n || e.to === n));
  const columns = arrange(linked, edges, all.filter((n) => !linked.includes(n)));
  const height = Math.max(...columns.map((column) => tall(column, size)));
  const nodes = new Map();
  let x = 2;
  for (const column of columns) {
    let y = 2 + (height - tall(column, size)) / 2;
    for (const name of column) {
      const box = size(name);
      nodes.set(name, { x, y, ...box });
      y += box.height + gap.row;
    }
    x += Math.max(...column.map((n) => size(n).width)) + between;
  }
  const paths = draw(edges.filter((e) => e.from !== e.to), nodes);
  const bulges = paths.some((p) => p.bulge && p.x > x - between);
  return { nodes, paths, width: x - between + 2 + (bulges ? gap.rim : 0), height: height + 4 };
}

const tall = (column, size) => column.reduce((sum, n) => sum + size(n).height + gap.row, -gap.row);

// arrange returns the columns. What is linked to nothing comes last in the second one.
function arrange(linked, edges, alone) {
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
  for (let round = 0; round < 4; round++) for (const column of filled) order(column, filled, edges);
  if (alone.length) (filled[1] ?? (filled[0] ??= [])).push(...alone);
  return filled;
}

// order sorts a column by where the neighbours of each node are.
function order(column, columns, edges) {
  const place = new Map(columns.flatMap((c) => c.map((n, i) => [n, (i + 0.5) / c.length])));
  const middle = (n) => {
    const near = edges.flatMap((e) => (e.from === n ? [e.to] : e.to === n ? [e.from] : [])).filter((m) => !column.includes(m));
    return near.length ? near.reduce((sum, m) => sum + place.get(m), 0) / near.length : 1;
  };
  const at = new Map(column.map((n) => [n, middle(n)]));
  column.sort((a, b) => at.get(a) - at.get(b));
}

// sides says from which side of its first node an edge goes to which side of its second: on to the right, back to the
// left; within a column down on the right and up on the left.
function sides(a, b) {
  if (a.x < b.x) return ["right", "left"];
  if (a.x > b.x) return ["left", "right"];
  return a.y < b.y ? ["right", "right"] : ["left", "left"];
}

// draw gives each end of each edge a port of its own on its side of the node, and joins the two.
function draw(edges, nodes) {
  const ports = new Map();
  const ends = edges.map((edge) => {
    const a = nodes.get(edge.from), b = nodes.get(edge.to);
    const [out, into] = sides(a, b);
    return { edge, from: port(ports, edge.from, out, a, b), to: port(ports, edge.to, into, b, a) };
  });
  for (const list of ports.values()) {
    list.sort((p, q) => p.towards - q.towards);
    list.forEach((p, i) => { p.y += (i - (list.length - 1) / 2) * Math.min(gap.port, (p.height - 14) / Math.max(1, list.length - 1)); });
  }
  const many = (name, key) => edges.filter((e) => e[key] === name).length;
  return ends.map(({ edge, from, to }) => curve(edge, from, to, many(edge.from, "from") > many(edge.to, "to") ? 0.72 : 0.28));
}

function port(ports, name, side, node, other) {
  const made = { x: side === "right" ? node.x + node.width : node.x, y: node.y + node.height / 2, out: side === "right" ? 1 : -1, height: node.height, towards: other.y + other.height / 2 };
  const key = `${name} ${side}`;
  ports.set(key, [...(ports.get(key) ?? []), made]);
  return made;
}

// curve joins two ports. Its label is at a part of the way, where the fewest others are.
function curve(edge, from, to, part) {
  const bulge = from.out === to.out;
  const bend = bulge ? gap.rim : Math.abs(to.x - from.x) / 2;
  const [x1, x2] = [from.x + from.out * bend, to.x + to.out * bend];
  const on = (a, b, c, d, t = part) => (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;
  return { edge, bulge, d: `M${from.x} ${from.y}C${x1} ${from.y} ${x2} ${to.y} ${to.x} ${to.y}`, x: on(from.x, x1, x2, to.x), y: on(from.y, from.y, to.y, to.y) };
}
