import { FRAME_FAULTS, frameFault, type FrameFaultName } from './script/frame-faults.js';
import { GROUPS } from './script/lab-parameter.js';
import { LAB_PARAMETER_NAMES, labParameter, type LabParameterName } from './script/parameters.js';

/** A parameter with its example, after the parameter that it needs. */
function example(name: LabParameterName, value = labParameter(name).example): [name: string, value: string][] {
  const [needed] = labParameter(name).needs ?? [];
  const [other, otherValue] = (needed?.split('=') ?? []) as [LabParameterName?, string?];
  return [...(other === undefined ? [] : example(other, otherValue)), [name, value]];
}

const texts: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => texts[character]);
}

/** An example query of a parameter, with the parameters that it needs: `close=4123&reason=bye`. */
export function exampleQuery(name: LabParameterName): string {
  return new URLSearchParams(example(name)).toString();
}

function addressCell(origin: string, query: string): string {
  const url = `${origin}/lab?${query}`;
  const link = `/#${new URLSearchParams({ url }).toString()}`;
  return `<td><code>${escaped(url)}</code> <button type="button" data-copy="${escaped(url)}">Copy</button> <a href="${escaped(link)}">Try it</a></td>`;
}

function section(origin: string, group: keyof typeof GROUPS): string {
  const rows = LAB_PARAMETER_NAMES.filter((name) => labParameter(name).group === group).map((name) => {
    const { description, accepted, rfc = '', only } = labParameter(name);
    const where = only === undefined ? '' : ` Only over HTTP/${only[0]}.`;
    return `<tr><th scope="row"><code>${name}</code></th><td>${escaped(description)}.${where}<br /><small>${escaped(accepted)}</small></td><td>${rfc}</td>${addressCell(origin, exampleQuery(name))}</tr>`;
  });
  return `<h2>${GROUPS[group]}</h2>${table('Parameter', rows)}`;
}

function table(what: string, rows: readonly string[]): string {
  return `<div class="wide" tabindex="0" role="region" aria-label="${what}s"><table><thead><tr><th scope="col">${what}</th><th scope="col">What happens</th><th scope="col">RFC</th><th scope="col">URL</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

const MUST = { fail: 'fail the connection', deliver: 'deliver the message' } as const;

function faults(origin: string): string {
  const rows = (Object.keys(FRAME_FAULTS) as FrameFaultName[]).map((name) => {
    const { description, rfc, must } = frameFault(name);
    return `<tr><th scope="row"><code>${name}</code></th><td>${escaped(description)}.${must === undefined ? '' : ` A client MUST ${MUST[must]}.`}</td><td>${rfc}</td>${addressCell(origin, `fault=${name}`)}</tr>`;
  });
  return `<h2>Faults</h2><p>The values of <code>fault=</code>.</p>${table('Fault', rows)}`;
}

function builder(origin: string): string {
  const options = LAB_PARAMETER_NAMES.map(
    (name) => `<option value="${name}" data-example="${escaped(labParameter(name).example)}">${name}</option>`,
  );
  return `<h2 id="builder">Build a URL</h2>
<form id="build">
<label>Parameter <select id="name">${options.join('')}</select></label>
<label>Value <input id="value" type="text" autocapitalize="none" spellcheck="false" /></label>
<button type="submit">Add</button> <button id="clear" type="button">Clear</button>
</form>
<p><code id="built" data-origin="${escaped(origin)}">${escaped(origin)}/lab</code>
<button id="copyBuilt" type="button">Copy</button> <a id="tryBuilt" href="/">Try it</a></p>`;
}

/**
 * The page at `/lab`: every parameter and fault, with a URL to copy and a link that fills it into the Communication Log.
 *
 * @param origin `ws://host:port`, from the request: it is escaped
 */
export function labPage(origin: string): string {
  const sections = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => section(origin, group));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>WebSocket Echo: the lab</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml" />
<link rel="stylesheet" href="/lab/page.css" />
<script src="/lab/page.js" defer></script>
</head>
<body>
<main>
<h1>The lab</h1>
<p>A WebSocket to <code>/lab</code> misbehaves as its query says. Parameters combine, and are applied in the order of the tables.
Without parameters messages are echoed. <a href="/lab/request">/lab/request</a> tells the request as received,
<a href="/lab/connections">/lab/connections</a> the number of connections. <em>Try it</em> opens the
<a href="/">page</a> with the URL filled in.</p>
${builder(origin)}
${sections.join('\n')}
${faults(origin)}
</main>
</body>
</html>
`;
}

/** The script of the page: copying, and the builder. */
export const LAB_PAGE_SCRIPT = `const byId = (id) => document.getElementById(id);
const built = byId('built');
const parameters = [];

function show() {
  const query = new URLSearchParams(parameters).toString();
  const url = built.dataset.origin + '/lab' + (query === '' ? '' : '?' + query);
  built.textContent = url;
  byId('tryBuilt').href = '/#' + new URLSearchParams({ url });
}

function suggest() {
  byId('value').value = byId('name').selectedOptions[0].dataset.example;
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
}

byId('name').addEventListener('change', suggest);
byId('build').addEventListener('submit', (event) => {
  event.preventDefault();
  parameters.push([byId('name').value, byId('value').value]);
  show();
});
byId('clear').addEventListener('click', () => {
  parameters.length = 0;
  show();
});
byId('copyBuilt').addEventListener('click', (event) => copy(event.target, built.textContent));
for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', () => copy(button, button.dataset.copy));
}
suggest();
show();
`;

/** The style of the page. */
export const LAB_PAGE_STYLE = `:root { font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-block-end: 1px solid; padding: 0.4rem 0.6rem; text-align: start; vertical-align: top; }
th { white-space: nowrap; }
td code, #built { overflow-wrap: anywhere; }
td:nth-child(3) { white-space: nowrap; }
form { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: end; }
button, input, select { font: inherit; min-height: 1.5rem; }
`;
