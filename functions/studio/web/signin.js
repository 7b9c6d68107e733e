// The sign-in form.
import { Problem, request, clearToken, setToken } from "./api.js";
import { replaceChildren, h, uniqueID, setText } from "./dom.js";

// signIn shows the form with a message, and calls begin with the {id, tenant, scopes} of a valid token.
export function signIn(main, message, begin) {
  const field = uniqueID("token"),
    notice = uniqueID("notice"),
    hint = uniqueID("hint");
  const input = h("input", {
    id: field,
    type: "password",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
    placeholder: "slc_…",
    "aria-describedby": `${notice} ${hint}`,
  });
  const wrong = h("p", { id: notice, class: "field-error", role: "alert" }, message);
  const enter = h("button", { type: "submit", class: "primary" }, "Open the studio");
  const form = h(
    "form",
    {
      class: "token",
      onsubmit: async (e) => {
        e.preventDefault();
        enter.disabled = true;
        const said = await checkToken(input.value.trim(), begin);
        enter.disabled = false;
        setText(wrong, said);
        input.setAttribute("aria-invalid", said !== "");
        if (said) input.select();
      },
    },
    h("label", { for: field }, "API token"),
    h("div", { class: "row" }, input, enter),
    wrong,
    h(
      "p",
      { id: hint, class: "hint" },
      "It stays in this page’s memory: it is not stored, and gone when you reload or close the page.",
    ),
  );
  replaceChildren(
    main,
    h(
      "div",
      { class: "sign-in" },
      h("h1", null, "Sluice Studio"),
      h("p", { class: "lead" }, "Upload videos, see each one being made, and watch it."),
      form,
      h(
        "details",
        null,
        h("summary", null, "How do I get a token?"),
        h("p", null, "Whoever runs this Sluice makes one for you, in its repository:"),
        h("pre", { tabindex: "0" }, h("code", null, "make -s token TENANT=acme")),
        h(
          "p",
          null,
          "To see the map of services and dead letters too, it needs the scope ",
          h("code", null, "operator"),
          ":",
        ),
        h(
          "pre",
          { tabindex: "0" },
          h("code", null, 'make -s token TENANT=acme \\\n  SCOPES="videos:read videos:write operator"'),
        ),
      ),
    ),
  );
  input.focus();
}

// checkToken calls begin for a valid token and returns "", or returns why the token is rejected.
async function checkToken(token, begin) {
  if (!/^slc_[a-z2-7]+_[a-z2-7]+$/.test(token))
    return "This is no token: one begins with slc_ and has two more parts, with an underscore between.";
  setToken(token);
  try {
    await begin(await request("GET", "token", { quiet: true }));
    return "";
  } catch (problem) {
    clearToken();
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status === 401 || problem.status === 403)
      return "The API does not take this token: it is mistyped, has expired, or was revoked.";
    return problem.message;
  }
}
