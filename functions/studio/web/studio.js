// Starts the page: shows the sign-in form, then the view that the URL's fragment names.
import { openDialog, createButton, replaceChildren, h, setVisible, setText } from "./dom.js";
import { clearToken, onTokenRejected, onResponseStatus } from "./api.js";
import { signIn } from "./signin.js";

const top = document.getElementById("top");
const nav = document.getElementById("nav");
const account = document.getElementById("account");
const main = document.getElementById("main");
const connectionNotice = document.getElementById("connection-notice");

// views are modules that are loaded at first use. Each exports mount(main, session, signal, ...words).
const views = [
  [/^\/$/, () => import("./videos.js"), "videos:read"],
  [/^\/videos\/([^/]+)$/, () => import("./video.js"), "videos:read"],
  [/^\/map$/, () => import("./servicemap.js"), "operator"],
  [/^\/letters$/, () => import("./deadletters.js"), "operator"],
  [/^\/letters\/([^/]+)$/, () => import("./deadletter.js"), "operator"],
  [/^\/codes(?:\/([^/]+))?$/, () => import("./errorcodes.js"), ""],
];

let session; // {tenant, scopes, may(scope), signal}
let viewController; // aborted when the view changes
let viewCount = 0;

function showSignIn(message) {
  viewController?.abort();
  session?.end();
  session = undefined;
  clearToken();
  setVisible(top, false);
  document.title = "Sluice Studio";
  signIn(main, message, startSession);
}

async function startSession(token) {
  const over = new AbortController();
  session = {
    ...token,
    signal: over.signal,
    end: () => over.abort(),
    may: (scope) => scope === "" || token.scopes.includes(scope),
  };
  const { createUploads } = await import("./uploads.js");
  session.uploads = createUploads(session);
  replaceChildren(
    account,
    h("span", { class: "tenant", title: `Scopes: ${session.scopes.join(", ")}` }, session.tenant),
    createButton("Sign out", signOut, { class: "quiet" }),
  );
  const links = [
    ["#/", "Videos", "videos:read"],
    ["#/map", "Map", "operator"],
    ["#/letters", "Dead letters", "operator"],
  ];
  replaceChildren(
    nav,
    links.filter(([, , scope]) => session.may(scope)).map(([href, label]) => h("a", { href }, label)),
  );
  setVisible(top, true);
  if (location.hash.length < 2 && !session.may("videos:read") && session.may("operator")) location.hash = "#/map";
  else showView();
}

async function signOut() {
  const busy = session.uploads.busy;
  if (
    !busy ||
    (await openDialog({
      title: "Sign out now?",
      body: "Files are still being uploaded. What is not there yet is given up.",
      yes: "Sign out",
    }))
  )
    showSignIn("");
}

async function showView() {
  if (!session) return;
  viewController?.abort();
  viewController = new AbortController();
  const turn = ++viewCount;
  const path = decodePath(location.hash.slice(1)) || "/";
  for (const link of nav.children) markCurrentLink(link, path);
  const found = views.map(([form, load, scope]) => ({ match: form.exec(path), load, scope })).find((v) => v.match);
  if (!found) return showMessage("There is nothing here", "The address names no part of the studio.");
  if (!session.may(found.scope))
    return showMessage(
      "This needs another token",
      `This token lacks the scope ${found.scope}. Sign out, and come back with one that has it.`,
    );
  const view = await found.load().catch((problem) => console.error(problem));
  if (turn !== viewCount) return;
  if (!view)
    return showMessage(
      "This could not be loaded",
      "Check the connection, and come back here. If that does not help, reload the page.",
    );
  replaceChildren(main);
  view.mount(main, session, AbortSignal.any([viewController.signal, session.signal]), ...found.match.slice(1));
  focusHeading();
}

function decodePath(words) {
  try {
    return decodeURIComponent(words);
  } catch {
    return "/?";
  }
}

function markCurrentLink(link, path) {
  const to = link.getAttribute("href").slice(1);
  const here = to === "/" ? path === "/" || path.startsWith("/videos/") : path.startsWith(to);
  if (here) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

// focusHeading focuses the heading, so that screen readers read it, and sets the page's title.
function focusHeading() {
  const heading = main.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
  document.title = `${heading?.textContent || "Studio"} · Sluice`;
  scrollTo(0, 0);
}

function showMessage(title, words) {
  replaceChildren(
    main,
    h(
      "div",
      { class: "narrow" },
      h("h1", null, title),
      h("p", null, words),
      h("p", null, h("a", { href: "#/" }, "Go to the videos")),
    ),
  );
  focusHeading();
}

onTokenRejected(
  () => session && showSignIn("The token is not taken any more: it has expired, or was revoked. Paste another one."),
);
let failedRequests = 0;
onResponseStatus((status) => {
  failedRequests = status === 0 || status >= 500 ? failedRequests + 1 : 0;
  setText(
    connectionNotice,
    failedRequests < 2
      ? status === 429
        ? "The API is busy; slowing down."
        : ""
      : status === 0
        ? "The API can’t be reached. Trying again…"
        : "The API has trouble answering. Trying again…",
  );
});
addEventListener("hashchange", showView);
document.querySelector(".skip").addEventListener("click", (e) => {
  e.preventDefault(); // the fragment names a view, not an element
  main.focus();
});
addEventListener("beforeunload", (e) => session?.uploads.busy && e.preventDefault());
// A file that is dropped elsewhere must not replace the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (e) => e.preventDefault());
showSignIn("");
