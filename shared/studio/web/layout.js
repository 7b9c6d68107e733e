// Places the services of a map: in columns by how far they are from where work comes in, in rows so that few edges
// cross. Pure.

const gap = { column: 92, row: 26, edge: 24 };
const sources = ["gateway", "s3", "clock", "producers"];

// layout returns where each node is, and the path of each edge with the place of its label.
export function layout(names, edges, size) {
  const all = [...new Set([...sources.filter((s) => edges.some((e) => e.from === s)), ...names, ...edges.flatMap((e) => [e.from, e.to])])];
  const linked = all.filter((n) => edges.some((e) => e.from === n || e.to === n));
  const columns = arrange(linked, edges, all.filter((n) => !linked.includes(n)));
  const nodes = new Map();
  let x = 4, height = 0;
  for (const column of columns) height = Math.max(height, tall(column, size));
  for (const column of columns) {
    let y = gap.edge + (height - tall(column, size)) / 2;
    for (const name of column) {
      const box = size(name);
      nodes.set(name, { x, y, ...box });
      y += box.height + gap.row;
    }
    x += Math.max(...column.map((n) => size(n).width)) + gap.column;
  }
  const below = { y: height + gap.edge, n: 0 };
  const paths = edges.filter((e) => e.from !== e.to).map((edge) => ({ edge, ...curve(nodes.get(edge.from), nodes.get(edge.to), below) }));
  return { nodes, paths, width: x - gap.column + 4, height: height + 2 * gap.edge + below.n * 14 };
}

const tall = (column, size) => column.reduce((sum, n) => sum + size(n).height + gap.row, -gap.row);

// arrange returns the columns. What is linked to nothing comes last in the first column after the sources.
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
  (columns[1] ??= []).push(...alone);
  const filled = columns.filter(Boolean);
  for (let round = 0; round < 4; round++) for (const column of filled) sortByNeighbours(column, filled, edges);
  return filled;
}

function sortByNeighbours(column, columns, edges) {
  const place = new Map(columns.flatMap((c) => c.map((n, i) => [n, (i + 0.5) / c.length])));
  const middle = (n) => {
    const near = edges.flatMap((e) => (e.from === n ? [e.to] : e.to === n ? [e.from] : [])).filter((m) => !column.includes(m));
    return near.length ? near.reduce((sum, m) => sum + place.get(m), 0) / near.length : 1;
  };
  const at = new Map(column.map((n) => [n, middle(n)]));
  column.sort((a, b) => at.get(a) - at.get(b));
}

// curve goes from the right side of a to the left side of b; within a column, round its right side; back, beneath.
function curve(a, b, below) {
  const from = { x: a.x + a.width, y: a.y + a.height / 2 }, to = { x: b.x, y: b.y + b.height / 2 };
  if (to.x > from.x) {
    const bend = (to.x - from.x) / 2;
    return { d: `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`, x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 - 5 };
  }
  if (a.x === b.x) {
    const right = from.x + 40;
    return { d: `M${from.x} ${from.y}C${right} ${from.y} ${right} ${to.y} ${b.x + b.width} ${to.y}`, x: right, y: (from.y + to.y) / 2 };
  }
  const up = { x: a.x + a.width / 2, y: a.y + a.height }, down = { x: b.x + b.width / 2, y: b.y + b.height };
  const low = Math.max(up.y, down.y) + 22 + 10 * (below.n++ % 4);
  return { d: `M${up.x} ${up.y}C${up.x} ${low + 14} ${down.x} ${low + 14} ${down.x} ${down.y}`, x: (up.x + down.x) / 2, y: low + 4 };
}
