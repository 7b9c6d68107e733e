// Creates and changes elements. Texts become text nodes, never markup.

const svgNames = new Set(["svg", "g", "path", "rect", "line", "text", "circle", "title", "tspan", "marker", "defs"]);

// h creates an element ("hyperscript"). Properties that are functions become event listeners, the others attributes,
// except false, null and undefined. Children are nodes, texts, or lists of them.
export function h(name, properties, ...children) {
  const made = svgNames.has(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  appendChildren(made, children);
  return made;
}

function appendChildren(to, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    to.append(child); // a string becomes a text node
  }
}

// replaceChildren replaces the children of an element.
export function replaceChildren(element, ...children) {
  element.replaceChildren();
  appendChildren(element, children);
  return element;
}

// replaceChildrenKeepFocus also moves the focus to the new link or button with the name of the one that had it.
export function replaceChildrenKeepFocus(element, ...children) {
  const name = (e) => e.getAttribute("aria-label") ?? e.textContent;
  const held = element.contains(document.activeElement) && name(document.activeElement);
  replaceChildren(element, ...children);
  if (held) [...element.querySelectorAll("a, button")].find((e) => name(e) === held)?.focus({ preventScroll: true });
  return element;
}

// setText changes a text only if it differs, so that screen readers read a live region once.
export function setText(element, words) {
  if (element.textContent !== words) element.textContent = words;
  return element;
}

export function setVisible(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

// setBarShare sets how much of a bar is full, from 0 to 1.
export function setBarShare(element, part) {
  element.style.setProperty("--share", `${Math.round(10000 * Math.min(1, Math.max(0, part))) / 100}%`);
}

// reconcileList makes the children of parent match the items, in order. A child is created for a new key, updated for a
// known one and removed when its key is gone, so that the focus stays.
export function reconcileList(parent, items, key, make) {
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

// announce has screen readers read a text.
export function announce(words) {
  setText(document.getElementById("announcements"), words);
}

let ids = 0;
export const uniqueID = (word) => `${word}-${++ids}`;

export function createButton(label, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, label);
}

// openDialog asks for confirmation. It resolves to true or, with a field, to its text; to undefined if the user
// cancels.
export function openDialog({ title, body, yes, no = "Cancel", danger = false, field = null }) {
  const name = uniqueID("ask");
  const input = field && h("textarea", { rows: 3, maxlength: field.maxLength, required: true, id: `${name}-field` });
  return new Promise((resolve) => {
    const before = document.activeElement;
    const form = h(
      "form",
      { method: "dialog", onsubmit: () => dialog.close("yes") },
      h("h2", { id: name }, title),
      body && h("p", null, body),
      field && h("label", { for: `${name}-field` }, field.label),
      input,
      h(
        "div",
        { class: "row end" },
        createButton(no, () => dialog.close()),
        h("button", { type: "submit", class: danger ? "danger" : "primary" }, yes),
      ),
    );
    const dialog = h(
      "dialog",
      {
        "aria-labelledby": name,
        onclose: () => {
          dialog.remove();
          if (before?.isConnected) before.focus();
          resolve(dialog.returnValue === "yes" ? (input ? input.value.trim() : true) : undefined);
        },
      },
      form,
    );
    document.body.append(dialog);
    dialog.showModal();
    (input ?? form.querySelector("button")).focus();
  });
}
