// Makes elements. Words that come from strangers only ever become text nodes: there is no way here to pass markup.

const svgNames = new Set(["svg", "g", "path", "rect", "line", "text", "circle", "title", "tspan", "marker", "defs"]);

// h returns an element: properties that are functions listen, `class` and attributes are set, false and null left out.
// Children are nodes, texts, or lists of them.
export function h(name, properties, ...children) {
  const made = svgNames.has(name) ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  add(made, children);
  return made;
}

function add(to, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    to.append(child); // a string becomes a text node
  }
}

// fill replaces what an element holds.
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

// refill replaces what an element holds; what has the name of what had the focus gets it.
export function refill(element, ...children) {
  const name = (e) => e.getAttribute("aria-label") ?? e.textContent;
  const held = element.contains(document.activeElement) && name(document.activeElement);
  fill(element, ...children);
  if (held) [...element.querySelectorAll("a, button")].find((e) => name(e) === held)?.focus({ preventScroll: true });
  return element;
}

// text changes a text only where it differs: a live region is then read out once.
export function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
  return element;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

// share sets how much of a bar is full, from 0 to 1.
export function share(element, part) {
  element.style.setProperty("--share", `${Math.round(10000 * Math.min(1, Math.max(0, part))) / 100}%`);
}

// keep has a child for each item, in order: made when its key is new, updated each time, removed with its key. What
// stays keeps its focus.
export function keep(parent, items, key, make) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = old.get(name);
    if (child) old.delete(name);
    else {
      child = make(item);
      child.dataset.key = name;
    }
    child.update?.(item);
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
  for (const child of old.values()) child.remove();
}

// say tells screen readers.
export function say(words) {
  text(document.getElementById("said"), words);
}

let ids = 0;
export const id = (word) => `${word}-${++ids}`;

export function button(label, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, label);
}

// ask opens a dialog with a question; it resolves to what yes returns, or undefined.
export function ask({ title, body, yes, no = "Cancel", danger = false, field = null }) {
  const name = id("ask");
  const input = field && h("textarea", { rows: 3, maxlength: field.most, required: true, id: `${name}-field` });
  return new Promise((resolve) => {
    const before = document.activeElement;
    const form = h("form", { method: "dialog", onsubmit: () => dialog.close("yes") },
      h("h2", { id: name }, title), body && h("p", null, body),
      field && h("label", { for: `${name}-field` }, field.label), input,
      h("div", { class: "row end" }, button(no, () => dialog.close()), h("button", { type: "submit", class: danger ? "danger" : "primary" }, yes)));
    const dialog = h("dialog", { "aria-labelledby": name, onclose: () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(dialog.returnValue === "yes" ? (input ? input.value.trim() : true) : undefined);
    } }, form);
    document.body.append(dialog);
    dialog.showModal();
    (input ?? form.querySelector("button")).focus();
  });
}
