// The view of error codes: docs/errors.md of this version.
import { replaceChildren, h } from "./dom.js";

export async function mount(main, session, signal, code = "") {
  const body = h("div", { class: "codes-text" }, h("p", { class: "hint" }, "Loading…"));
  replaceChildren(main, h("p", { class: "back" }, h("a", { href: "#/" }, "Videos")), h("h1", null, "Codes"), body);
  const answer = await fetch(new URL("errors.md", import.meta.url), { signal }).catch(() => null);
  if (signal.aborted) return;
  if (!answer?.ok) return replaceChildren(body, h("p", null, "The list can’t be reached."));
  replaceChildren(body, renderMarkdown(await answer.text(), code));
  const row = body.querySelector(".highlighted");
  if (row) row.scrollIntoView({ block: "center" });
  else if (code)
    body.prepend(
      h(
        "p",
        { class: "failure" },
        "The code ",
        h("code", null, code),
        " is not in the list: it is newer than this page. Go by the sentence beside it.",
      ),
    );
}

// renderMarkdown renders headings, paragraphs and tables, and highlights the row of a code.
function renderMarkdown(markdown, code) {
  const all = [];
  for (const block of markdown.split(/\n{2,}/)) {
    const lines = block.trim().split("\n");
    if (lines[0].startsWith("# ")) continue;
    if (lines[0].startsWith("## ")) all.push(h("h2", null, lines[0].slice(3)));
    else if (lines[0].startsWith("|")) all.push(renderTable(lines, code));
    else if (lines[0]) all.push(h("p", null, renderInline(lines.join(" "))));
  }
  return all;
}

function renderTable(lines, code) {
  const cells = (line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((c) => c.trim());
  const row = (line) =>
    h(
      "tr",
      { class: cells(line)[0] === `\`${code}\`` && "highlighted" },
      cells(line).map((c, i) =>
        i === 0 ? h("th", { scope: "row" }, renderInline(c)) : h("td", null, renderInline(c)),
      ),
    );
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": "Codes" },
    h(
      "table",
      { class: "codes" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          cells(lines[0]).map((c) => h("th", { scope: "col" }, c)),
        ),
      ),
      h("tbody", null, lines.slice(2).map(row)),
    ),
  );
}

// renderInline renders `code`, which may break after each _, and the text of links.
const renderInline = (words) =>
  words
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .split("`")
    .map((part, i) =>
      i % 2
        ? h(
            "code",
            null,
            part.split(/(?<=_)/).map((word, n) => [n > 0 && h("wbr"), word]),
          )
        : part,
    );
