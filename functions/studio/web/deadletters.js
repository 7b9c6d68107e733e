// The list of dead letters.
import { Problem, get, requestWithRetry } from "./api.js";
import {
  openDialog,
  createButton,
  replaceChildren,
  h,
  uniqueID,
  reconcileList,
  announce,
  setVisible,
  setText,
} from "./dom.js";
import { formatAge, pluralize } from "./format.js";
import { createErrorBox } from "./videostates.js";
import { poll } from "./poll.js";

const stateLabels = { open: "Open", redriven: "Sent again", discarded: "Discarded", "": "All" };

export function mount(main, session, signal) {
  const rows = h("ul", { class: "letters" }),
    none = h("p", { class: "none", hidden: true }),
    why = createErrorBox();
  const more = createButton("Show more", () => loadNextPage(), { class: "more", hidden: true });
  const stateField = uniqueID("state"),
    serviceField = uniqueID("service");
  const state = h(
    "select",
    { id: stateField, onchange: () => reset() },
    Object.entries(stateLabels).map(([value, word]) => h("option", { value }, word)),
  );
  const service = h(
    "select",
    { id: serviceField, onchange: () => reset() },
    h("option", { value: "" }, "All services"),
  );
  const again = createButton("Send all again", () => redriveAll(service.value, why, () => reset()), { hidden: true });
  replaceChildren(
    main,
    h(
      "div",
      { class: "titles" },
      h("h1", null, "Dead letters"),
      h(
        "p",
        { class: "hint" },
        "Messages that no service will handle, and why. Once the reason is gone, send them again.",
      ),
    ),
    h(
      "div",
      { class: "head" },
      h("label", { for: stateField, class: "visually-hidden" }, "State"),
      state,
      h("label", { for: serviceField, class: "visually-hidden" }, "Service"),
      service,
      again,
    ),
    why,
    rows,
    none,
    more,
  );
  let known = new Map(),
    cursor,
    round;
  const services = new Set();

  const query = (from) =>
    `dead-letters?limit=20${state.value && `&state=${state.value}`}${service.value && `&service=${encodeURIComponent(service.value)}`}${from ? `&cursor=${encodeURIComponent(from)}` : ""}`;

  function renderList() {
    const all = [...known.values()].sort((a, b) => (a.sent_at < b.sent_at ? 1 : -1));
    for (const l of all) {
      if (services.has(l.service)) continue;
      services.add(l.service);
      service.append(h("option", { value: l.service }, l.service));
    }
    reconcileList(rows, all, (l) => l.id, createRow);
    setVisible(none, all.length === 0 && !cursor);
    setText(
      none,
      state.value !== "open"
        ? "There are none."
        : service.value
          ? `No message to ${service.value} is dead.`
          : "No message is dead. Good.",
    );
    setVisible(more, Boolean(cursor));
    setVisible(again, state.value === "open" && all.length > 0);
    setText(again, service.value ? `Send all of ${service.value} again` : "Send all again");
  }

  function reset() {
    round?.abort();
    round = new AbortController();
    signal.addEventListener("abort", () => round.abort(), { signal: round.signal });
    known = new Map();
    let first = true;
    poll(
      async () => {
        const page = await get(query(), round.signal);
        if (first) cursor = page.next_cursor;
        const end = page.next_cursor && page.letters.at(-1)?.sent_at;
        for (const [key, l] of known) if (!end || l.sent_at >= end) known.delete(key);
        for (const l of page.letters) known.set(l.id, l);
        first = false;
        renderList();
        return false;
      },
      round.signal,
      (problem) => {
        why.update(problem);
        return false;
      },
    );
  }

  async function loadNextPage() {
    try {
      const page = await get(query(cursor), round.signal);
      for (const l of page.letters) known.set(l.id, l);
      cursor = page.next_cursor;
      renderList();
    } catch (problem) {
      if (problem instanceof Problem) why.update(problem);
    }
  }

  reset();
}

function createRow() {
  const link = h("a", { class: "title" }),
    reason = h("span", { class: "facts" }),
    count = h("span", { class: "count" }),
    when = h("time", { class: "when" });
  const made = h("li", null, link, count, reason, when);
  made.update = (l) => {
    link.href = `#/letters/${l.id}`;
    setText(link, `${l.service}: ${l.code}`);
    setText(reason, l.reason);
    setText(
      count,
      [
        l.state === "open" ? "" : stateLabels[l.state],
        pluralize(l.attempts, "attempt"),
        l.redrives > 0 && `sent again ${pluralize(l.redrives, "time")}`,
      ]
        .filter(Boolean)
        .join(" · "),
    );
    when.dateTime = l.sent_at;
    setText(when, formatAge(l.sent_at));
  };
  return made;
}

async function redriveAll(service, why, after) {
  const sure = await openDialog({
    title: service ? `Send all open letters of ${service} again?` : "Send all open letters again?",
    body: "The oldest first, at most 100, ten a second. What fails again comes back as a letter of its own.",
    yes: "Send again",
  });
  if (!sure) return;
  try {
    const { redriven, left } = await requestWithRetry("POST", "dead-letters/redrive", {
      body: service ? { service } : {},
    });
    announce(`${pluralize(redriven, "dead letter")} sent again${left ? `, ${left} left` : ""}.`);
    after();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    why.update(problem);
  }
}
