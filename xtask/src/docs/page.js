"use strict";

// Documents with at most this many operations are shown expanded; others as a list with a filter.
const MAX_EXPANDED = 10;

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const items = Object.values(openapi.paths ?? {});
const count = items.flatMap((item) => methods.filter((method) => item?.[method])).length;

document.title = openapi.info?.title ?? document.title;

const dark = matchMedia("(prefers-color-scheme: dark)");
const applyColorScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", applyColorScheme);
applyColorScheme();

// A table of the security schemes. It replaces the dialog of Swagger UI, which asks for passwords.
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

// The filter of Swagger UI searches only tags. This one also searches method, path, operationId and
// summary.
const matches = (tag, operation, phrase) => {
  const texts = ["operationId", "summary"].map((key) => operation.getIn(["operation", key]));
  const fields = [tag, operation.get("method"), operation.get("path"), ...texts];
  return fields.join(" ").toLowerCase().includes(phrase.toLowerCase());
};
const filterOperations = (tags, phrase) =>
  tags
    .map((content, tag) =>
      content.update("operations", (list) => list.filter((operation) => matches(tag, operation, phrase))))
    .filter((content) => content.get("operations").size > 0);
const filterField = ({ layoutActions, layoutSelectors, React: { createElement } }) => {
  const phrase = layoutSelectors.currentFilter();
  if (phrase === false) return null;
  const field = createElement("input", {
    className: "operation-filter-input",
    placeholder: "Filter by path, operationId, summary or tag",
    "aria-label": "Filter operations",
    value: phrase === true ? "" : phrase,
    onChange: (event) => layoutActions.updateFilter(event.target.value || true),
  });
  return createElement("div", { className: "filter wrapper" }, field);
};

// Swagger UI fetches the document, and fetches it again for recursive schemas. A page opened from disk
// cannot fetch anything, so this `fetch` returns the document of this page and refuses every other URL.
const documentUrl = "https://document.invalid/openapi.json";
const text = JSON.stringify(openapi);
window.fetch = async (request) => {
  const url = String(request.url ?? request);
  if (url !== documentUrl) throw new Error(`${url} is not part of this page`);
  return new Response(text, { headers: { "content-type": "application/json" } });
};

SwaggerUIBundle({
  dom_id: "#reference",
  url: documentUrl,
  deepLinking: true,
  docExpansion: count <= MAX_EXPANDED ? "full" : "none",
  filter: count > MAX_EXPANDED,
  // Disables "Try it out": the page sends no requests to a manager.
  supportedSubmitMethods: [],
  plugins: [
    (system) => ({
      fn: { opsFilter: filterOperations },
      components: {
        FilterContainer: () => filterField(system.getSystem()),
        AuthorizeBtnContainer: () => authentication(system.getSystem()),
        authorizeOperationBtn: () => null,
        InfoUrl: () => null,
      },
    }),
  ],
  // The default validator is on another host.
  validatorUrl: null,
});
