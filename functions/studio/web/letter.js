// One dead letter, with its body, and what can be decided about it.
import { Problem, get, persist } from "./api.js";
import { ask, button, fill, h, say, text } from "./dom.js";
import { moment, plural, span } from "./format.js";
import { failure } from "./states.js";

const settled = { redriven: "It was sent again.", discarded: "It was discarded." };
const ofProducers = "api"; // the service whose letters nobody but their senders can send again

export async function open(main, session, signal, key) {
  const at = `dead-letters/${encodeURIComponent(key)}`;
  const heading = h("h1", null, "Dead letter"), why = failure(), body = h("div", { class: "letter" }, h("p", { class: "hint" }, "Loading…"));
  fill(main, h("p", { class: "back" }, h("a", { href: "#/letters" }, "Dead letters")), heading, why, body);
  let held; // its body, which the answer to a decision leaves out

  const draw = (l) => {
    held = l.body ?? held;
    text(heading, `${l.service}: ${l.code}`);
    document.title = `${l.service}: ${l.code} · Sluice`;
    fill(body, h("p", { class: "lead" }, l.reason), settled[l.state] && h("p", { class: "hint" }, settled[l.state], l.note && ` ${l.note}`), acts(l), facts(l), h("section", { "aria-labelledby": "message" }, h("h2", { id: "message" }, "Message"), h("pre", { class: "message", tabindex: "0" }, h("code", null, pretty(held ?? "")))));
  };

  async function decide(path, request, words) {
    try {
      draw(await persist("POST", `${at}/${path}`, { body: request }));
      why.update(null);
      say(words);
      heading.focus();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      why.update(problem);
    }
  }

  async function discard() {
    const reason = await ask({ title: "Discard this letter?", body: "Its message is not handled. It stays in the list, with your reason, until it is 90 days old.", yes: "Discard", danger: true, field: { label: "Why", most: 500 } });
    if (reason) await decide("discard", { reason }, "The letter is discarded.");
  }

  const acts = (l) => h("div", { class: "row" }, l.state !== "discarded" && l.service !== ofProducers && button("Send again", () => decide("redrive", undefined, "The letter is sent again."), { class: "primary" }), l.state === "open" && button("Discard…", discard), l.service === ofProducers && l.state !== "discarded" && h("p", { class: "hint" }, "A producer sent it, and no one else can send it again."));

  try {
    draw(await get(at, signal));
  } catch (problem) {
    if (signal.aborted) return;
    if (!(problem instanceof Problem)) throw problem;
    fill(body);
    why.update(problem);
  }
}

function facts(l) {
  const rows = [
    ["Service", l.service], ["Message", l.type], ["Video", l.video_id && h("code", null, l.video_id)], ["Tenant", l.tenant], ["Kind", l.kind],
    ["Code", h("a", { href: `#/codes/${encodeURIComponent(l.code)}` }, h("code", null, l.code))], ["Deliveries", plural(l.attempts, "attempt")],
    ["Sent", `${moment(l.sent_at)}, ${span(l.age_seconds)} ago`], ["Filed", moment(l.filed_at)], ["Sent again", l.redrives > 0 && plural(l.redrives, "time")], ["Id", h("code", null, l.id)],
  ];
  return h("dl", { class: "facts" }, rows.filter(([, v]) => v).map(([term, v]) => h("div", null, h("dt", null, term), h("dd", null, v))));
}

function pretty(words) {
  try {
    return JSON.stringify(JSON.parse(words), null, 2);
  } catch {
    return words;
  }
}
