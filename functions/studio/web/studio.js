// Starts the page: asks for a token, then shows what the address names.
import { ask, button, fill, h, show, text } from "./dom.js";
import { forget, onLost, onWeather } from "./api.js";
import { signIn } from "./session.js";

const top = document.getElementById("top");
const nav = document.getElementById("nav");
const who = document.getElementById("who");
const main = document.getElementById("main");
const trouble = document.getElementById("trouble");

// views are modules that are loaded when they are first needed. Each exports open(main, session, signal, ...words).
const views = [
  [/^\/$/, () => import("./home.js"), "videos:read"],
  [/^\/videos\/([^/]+)$/, () => import("./video.js"), "videos:read"],
  [/^\/map$/, () => import("./map.js"), "operator"],
  [/^\/letters$/, () => import("./letters.js"), "operator"],
  [/^\/letters\/([^/]+)$/, () => import("./letter.js"), "operator"],
  [/^\/codes(?:\/([^/]+))?$/, () => import("./codes.js"), ""],
];

let session; // {tenant, scopes, may(scope), signal}
let leave; // ends the view that is shown
let shown = 0;

function start(message) {
  leave?.abort();
  session?.end();
  session = undefined;
  forget();
  show(top, false);
  document.title = "Sluice Studio";
  signIn(main, message, begin);
}

async function begin(token) {
  const over = new AbortController();
  session = { ...token, signal: over.signal, end: () => over.abort(), may: (scope) => scope === "" || token.scopes.includes(scope) };
  const { transit } = await import("./transit.js");
  session.transit = transit(session);
  fill(who, h("span", { class: "tenant", title: `Scopes: ${session.scopes.join(", ")}` }, session.tenant), button("Sign out", signOut, { class: "quiet" }));
  const links = [["#/", "Videos", "videos:read"], ["#/map", "Map", "operator"], ["#/letters", "Dead letters", "operator"]];
  fill(nav, links.filter(([, , scope]) => session.may(scope)).map(([href, label]) => h("a", { href }, label)));
  show(top, true);
  if (location.hash.length < 2 && !session.may("videos:read") && session.may("operator")) location.hash = "#/map";
  else route();
}

async function signOut() {
  const busy = session.transit.busy;
  if (!busy || await ask({ title: "Sign out now?", body: "Files are still being uploaded. What is not there yet is given up.", yes: "Sign out" })) start("");
}

async function route() {
  if (!session) return;
  leave?.abort();
  leave = new AbortController();
  const turn = ++shown;
  const path = decode(location.hash.slice(1)) || "/";
  for (const link of nav.children) mark(link, path);
  const found = views.map(([form, load, scope]) => ({ match: form.exec(path), load, scope })).find((v) => v.match);
  if (!found) return tell("There is nothing here", "The address names no part of the studio.");
  if (!session.may(found.scope)) return tell("This needs another token", `This token lacks the scope ${found.scope}. Sign out, and come back with one that has it.`);
  const view = await found.load().catch((problem) => console.error(problem));
  if (turn !== shown) return;
  if (!view) return tell("This could not be loaded", "Check the connection, and come back here. If that does not help, reload the page.");
  fill(main);
  view.open(main, session, AbortSignal.any([leave.signal, session.signal]), ...found.match.slice(1));
  focus();
}

function decode(words) {
  try {
    return decodeURIComponent(words);
  } catch {
    return "/?";
  }
}

function mark(link, path) {
  const to = link.getAttribute("href").slice(1);
  const here = to === "/" ? path === "/" || path.startsWith("/videos/") : path.startsWith(to);
  if (here) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

// focus goes to the heading, so that it is read out, and names the page.
function focus() {
  const heading = main.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
  document.title = `${heading?.textContent || "Studio"} · Sluice`;
  scrollTo(0, 0);
}

function tell(title, words) {
  fill(main, h("div", { class: "narrow" }, h("h1", null, title), h("p", null, words), h("p", null, h("a", { href: "#/" }, "Go to the videos"))));
  focus();
}

onLost(() => session && start("The token is not taken any more: it has expired, or was revoked. Paste another one."));
let bad = 0;
onWeather((status) => {
  bad = status === 0 || status >= 500 ? bad + 1 : 0;
  text(trouble, bad < 2 ? (status === 429 ? "The API is busy; slowing down." : "") : status === 0 ? "The API can’t be reached. Trying again…" : "The API has trouble answering. Trying again…");
});
addEventListener("hashchange", route);
document.querySelector(".skip").addEventListener("click", (e) => {
  e.preventDefault(); // the address names a view, and no place in it
  main.focus();
});
addEventListener("beforeunload", (e) => session?.transit.busy && e.preventDefault());
// A file that misses its place must not replace the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (e) => e.preventDefault());
start("");
