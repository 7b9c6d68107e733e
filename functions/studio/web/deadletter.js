// The view of one dead letter, which can be redriven or discarded.
import { Problem, get, requestWithRetry } from "./api.js";
import { openDialog, createButton, replaceChildren, h, announce, setText } from "./dom.js";
import { formatDateTime, pluralize, formatDuration } from "./format.js";
import { createErrorBox } from "./videostates.js";

const decisionTexts = { redriven: "It was sent again.", discarded: "It was discarded." };
const ofProducers = "api"; // the service whose dead letters only their producers can send again

export async function mount(main, session, signal, key) {
  const at = `dead-letters/${encodeURIComponent(key)}`;
  const heading = h("h1", null, "Dead letter"),
    why = createErrorBox(),
    body = h("div", { class: "letter" }, h("p", { class: "hint" }, "Loading…"));
  replaceChildren(main, h("p", { class: "back" }, h("a", { href: "#/letters" }, "Dead letters")), heading, why, body);
  let held; // its body, which the response to a decision omits

  const renderDeadLetter = (l) => {
    held = l.body ?? held;
    setText(heading, `${l.service}: ${l.code}`);
    document.title = `${l.service}: ${l.code} · Sluice`;
    replaceChildren(
      body,
      h("p", { class: "lead" }, l.reason),
      decisionTexts[l.state] && h("p", { class: "hint" }, decisionTexts[l.state], l.note && ` ${l.note}`),
      renderActions(l),
      renderDetails(l),
      h(
        "section",
        { "aria-labelledby": "message" },
        h("h2", { id: "message" }, "Message"),
        h("pre", { class: "message", tabindex: "0" }, h("code", null, prettyJSON(held ?? ""))),
      ),
    );
  };

  async function submitDecision(path, request, words) {
    try {
      renderDeadLetter(await requestWithRetry("POST", `${at}/${path}`, { body: request }));
      why.update(null);
      announce(words);
      heading.focus();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      why.update(problem);
    }
  }

  async function discard() {
    const reason = await openDialog({
      title: "Discard this dead letter?",
      body: "Its message is not handled. It stays in the list, with your reason, until it is 90 days old.",
      yes: "Discard",
      danger: true,
      field: { label: "Why", maxLength: 500 },
    });
    if (reason) await submitDecision("discard", { reason }, "The letter is discarded.");
  }

  const renderActions = (l) =>
    h(
      "div",
      { class: "row" },
      l.state !== "discarded" &&
        l.service !== ofProducers &&
        createButton("Send again", () => submitDecision("redrive", undefined, "The dead letter is sent again."), {
          class: "primary",
        }),
      l.state === "open" && createButton("Discard…", discard),
      l.service === ofProducers &&
        l.state !== "discarded" &&
        h("p", { class: "hint" }, "A producer sent it, and no one else can send it again."),
    );

  try {
    renderDeadLetter(await get(at, signal));
  } catch (problem) {
    if (signal.aborted) return;
    if (!(problem instanceof Problem)) throw problem;
    replaceChildren(body);
    why.update(problem);
  }
}

function renderDetails(l) {
  const rows = [
    ["Service", l.service],
    ["Message", l.type],
    ["Video", l.video_id && h("code", null, l.video_id)],
    ["Tenant", l.tenant],
    ["Kind", l.kind],
    ["Code", h("a", { href: `#/codes/${encodeURIComponent(l.code)}` }, h("code", null, l.code))],
    ["Deliveries", pluralize(l.attempts, "attempt")],
    ["Sent", `${formatDateTime(l.sent_at)}, ${formatDuration(l.age_seconds)} ago`],
    ["Filed", formatDateTime(l.filed_at)],
    ["Sent again", l.redrives > 0 && pluralize(l.redrives, "time")],
    ["Id", h("code", null, l.id)],
  ];
  return h(
    "dl",
    { class: "facts" },
    rows.filter(([, v]) => v).map(([term, v]) => h("div", null, h("dt", null, term), h("dd", null, v))),
  );
}

function prettyJSON(words) {
  try {
    return JSON.stringify(JSON.parse(words), null, 2);
  } catch {
    return words;
  }
}
