// What each code means and what to do: docs/errors.md, as this page's version has it.
import { fill, h } from "./dom.js";

export async function open(main, session, signal, code = "") {
  const body = h("div", { class: "codes-text" }, h("p", { class: "hint" }, "Loading…"));
  fill(main, h("p", { class: "back" }, h("a", { href: "#/" }, "Videos")), h("h1", null, "Codes"), body);
  const answer = await fetch(new URL("errors.md", import.meta.url), { signal }).catch(() => null);
  if (signal.aborted) return;
  if (!answer?.ok) return fill(body, h("p", null, "The list can’t be reached."));
  fill(body, blocks(await answer.text(), code));
  const row = body.querySelector(".sought");
  if (row) row.scrollIntoView({ block: "center" });
  else if (code) body.prepend(h("p", { class: "failure" }, "The code ", h("code", null, code), " is not in the list: it is newer than this page. Go by the sentence beside it."));
}

// blocks reads the little Markdown that the document has: headings, paragraphs and tables.
function blocks(markdown, code) {
  const all = [];
  for (const block of markdown.split(/\n{2,}/)) {
    const lines = block.trim().split("\n");
    if (lines[0].startsWith("# ")) continue;
    if (lines[0].startsWith("## ")) all.push(h("h2", null, lines[0].slice(3)));
    else if (lines[0].startsWith("|")) all.push(table(lines, code));
    else if (lines[0]) all.push(h("p", null, inline(lines.join(" "))));
  }
  return all;
}

function table(lines, code) {
  const cells = (line) => line.slice(1, -1).split("|").map((c) => c.trim());
  const row = (line) => h("tr", { class: cells(line)[0] === `\`${code}\`` && "sought" }, cells(line).map((c, i) => (i === 0 ? h("th", { scope: "row" }, inline(c)) : h("td", null, inline(c)))));
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Codes" }, h("table", { class: "codes" },
    h("thead", null, h("tr", null, cells(lines[0]).map((c) => h("th", { scope: "col" }, c)))), h("tbody", null, lines.slice(2).map(row))));
}

// inline makes `code`, which may break after each _, of what is between backticks, and leaves the words of links.
const inline = (words) => words.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").split("`").map((part, i) => (i % 2 ? h("code", null, part.split(/(?<=_)/).map((word, n) => [n > 0 && h("wbr"), word])) : part));
