"use strict";

// Up to so many operations are shown in full at once; of more there is a list to open them from.
const FEW = 10;

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const items = Object.values(openapi.paths ?? {});
const count = items.flatMap((item) => methods.filter((method) => item?.[method])).length;

document.title = openapi.info?.title ?? document.title;

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// The ways to authenticate, in the place of the viewer's dialogue that asks for passwords.
const schemes = Object.entries(openapi.components?.securitySchemes ?? openapi.securityDefinitions ?? {});
const authentication = ({ getComponent, React: { createElement } }) => {
  if (schemes.length === 0) return null;
  const Markdown = getComponent("Markdown", true);
  const rows = schemes.map(([name, scheme]) =>
    createElement("tr", { key: name },
      createElement("td", null, createElement("code", null, name)),
      createElement("td", null, [scheme.type, scheme.scheme, scheme.in, scheme.name].filter(Boolean).join(" ")),
      createElement("td", null, createElement(Markdown, { source: scheme.description ?? "" }))));
  return createElement("details", { className: "authentication" },
    createElement("summary", null, "Authentication"),
    createElement("table", null, createElement("tbody", null, rows)));
};

// The viewer's filter looks at tags alone, and nobody knows those of a thousand operations.
const fits = (tag, operation, phrase) => {
  const named = ["operationId", "summary"].map((key) => operation.getIn(["operation", key]));
  const words = [tag, operation.get("method"), operation.get("path"), ...named];
  return words.join(" ").toLowerCase().includes(phrase.toLowerCase());
};
const filtered = (tags, phrase) =>
  tags
    .map((content, tag) => content.update("operations", (list) => list.filter((operation) => fits(tag, operation, phrase))))
    .filter((content) => content.get("operations").size > 0);
const filterField = ({ layoutActions, layoutSelectors, React: { createElement } }) => {
  const phrase = layoutSelectors.currentFilter();
  if (phrase === false) return null;
  const field = createElement("input", {
    className: "operation-filter-input",
    placeholder: "Filter by path, operationId, summary or tag",
    "aria-label": "Filter the operations",
    value: phrase === true ? "" : phrase,
    onChange: (event) => layoutActions.updateFilter(event.target.value || true),
  });
  return createElement("div", { className: "filter wrapper" }, field);
};

// The viewer fetches the document, and again to follow a schema that refers to itself. A page on disk can fetch nothing, and this
// one nothing at all: the document is at hand, and parts of other documents are not.
const place = "https://document.invalid/openapi.json";
const text = JSON.stringify(openapi);
window.fetch = async (request) => {
  const url = String(request.url ?? request);
  if (url !== place) throw new Error(`${url} is not part of this page`);
  return new Response(text, { headers: { "content-type": "application/json" } });
};

SwaggerUIBundle({
  dom_id: "#reference",
  url: place,
  deepLinking: true,
  docExpansion: count <= FEW ? "full" : "none",
  filter: count > FEW,
  // A page to read: nothing is sent to a manager.
  supportedSubmitMethods: [],
  plugins: [
    (system) => ({
      fn: { opsFilter: filtered },
      components: {
        FilterContainer: () => filterField(system.getSystem()),
        AuthorizeBtnContainer: () => authentication(system.getSystem()),
        authorizeOperationBtn: () => null,
        InfoUrl: () => null,
      },
    }),
  ],
  // The validator is on another host.
  validatorUrl: null,
});
