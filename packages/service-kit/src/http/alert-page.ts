/** One alert as a page for people: no script, nothing from the network, and nothing of the alert is markup. */
import { createHash } from 'node:crypto';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
th{font-weight:600;width:14rem}table table th{width:auto}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}th,td{border-color:#444}a{color:#9cf}}`;

/** Content-Security-Policy of the page: its own style and nothing else. */
export const ALERT_PAGE_POLICY: string = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Levels of nested objects that are shown; what lies deeper stands as JSON. */
const MAX_DEPTH = 4;
/** In the heading, so not in the table. */
const HEADING: readonly string[] = ['summary', 'resolution'];

/** @param json the alert as the route gives it */
export function alertPage(json: string): string {
  const alert = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const { summary, state, resolution, model } = alert;
  const ended = typeof resolution === 'object' && resolution !== null;
  const title = escape(typeof summary === 'string' ? summary : 'Alert');
  const status = state === 'resolved' ? 'This tells that an alert was resolved.' : ended ? 'Resolved.' : 'Open.';
  const facts = Object.fromEntries(
    Object.entries(alert).filter(([name, value]) => !HEADING.includes(name) && isShown(value)),
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1><p>${status}</p>`,
    ended ? `<h2>Resolution</h2>${table(resolution, 0)}` : '',
    `<h2>Alert</h2>${table(facts, 0)}`,
    `<p><a href="/v1/alerts?model=${encodeURIComponent(String(model))}">Alerts of the model</a></p></main></body></html>`,
  ].join('\n');
}

function table(object: object, depth: number): string {
  const rows = Object.entries(object)
    .filter(([, value]) => isShown(value))
    .map(([name, value]) => `<tr><th scope="row">${escape(wordsOf(name))}</th><td>${shown(value, depth)}</td></tr>`);
  return `<table>${rows.join('\n')}</table>`;
}

function shown(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return escape(String(value));
  return depth >= MAX_DEPTH ? escape(JSON.stringify(value)) : table(value, depth + 1);
}

/** What is empty says nothing to people. */
function isShown(value: unknown): boolean {
  return value !== null && value !== '' && !(typeof value === 'object' && Object.keys(value).length === 0);
}

/** `eventTimeMs` → `event time (ms)`. */
function wordsOf(name: string): string {
  return name
    .replace(/Ms$/, ' (ms)')
    .replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}
