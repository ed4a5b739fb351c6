/** One alert as a page for people: no script, nothing from the network, and nothing of the alert is markup. */
import { createHash } from 'node:crypto';
import { escaped } from './markup.ts';
import { rangePicture } from './range-picture.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.4rem;margin:.6rem 0}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ddd;overflow-wrap:anywhere}
th{font-weight:600;width:14rem}table table th{width:auto}
.chip{display:inline-block;padding:.1rem .6rem;border-radius:1rem;color:#fff;background:#5a6b7d;font-weight:600}
.critical{background:#b3261e}.warning{background:#a35a00}.note{color:#666;font-size:.9rem;margin-top:0}
svg{width:100%;max-width:40rem;font-size:13px}svg text{fill:currentColor}rect.before{fill:#8a9bb0}rect.after{fill:#d9662b}
.median{stroke:currentColor;stroke-width:3}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}th,td{border-color:#444}a{color:#9cf}.note{color:#aaa}}`;

/** Content-Security-Policy of the page: its own style and nothing else. */
export const ALERT_PAGE_POLICY: string = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Levels of nested objects that are shown; what lies deeper stands as JSON. */
const MAX_DEPTH = 4;
/** Above the table, so not in it. */
const ABOVE: readonly string[] = ['state', 'severity', 'kind', 'summary', 'advice', 'since', 'eventTime', 'resolution'];
/** For machines: a person compares none of it. */
const IDENTITY: readonly string[] = ['id', 'fingerprint', 'labels', 'evidence', 'rule'];

/** @param json the alert as the route gives it */
export function alertPage(json: string): string {
  const alert = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const { resolution, model, advice, drift } = alert;
  const title = escaped(textOf(alert['summary']) || 'Alert');
  const ended = typeof resolution === 'object' && resolution !== null;
  const facts = Object.entries(alert).filter(([name]) => !ABOVE.includes(name.replace(/Ms$/, '')));
  const of = encodeURIComponent(textOf(model));
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${title}</title><style>${STYLE}</style></head><body><main><p>${stateOf(alert, ended)}</p><h1>${title}</h1>`,
    textOf(advice) === '' ? '' : `<p>${escaped(textOf(advice))}</p>`,
    pictureOf(drift),
    ended ? `<h2>Resolution</h2>${table(resolution, 0)}` : '',
    `<h2>Figures</h2>${table(Object.fromEntries(facts.filter(([name]) => !IDENTITY.includes(name))), 0)}`,
    `<h2>Identity</h2>${table(Object.fromEntries(facts.filter(([name]) => IDENTITY.includes(name))), 0)}`,
    `<p><a href="/v1/alerts?state=open&amp;model=${of}">Open alerts of the model</a> · <a href="/v1/models/${of}">The model</a> · <a href="/docs">Commands: acknowledge, mute, rebase</a></p></main></body></html>`,
  ].join('\n');
}

/** How urgent, of what kind, whether it goes on, since when. */
function stateOf(
  { state, severity, kind, since, eventTime }: Readonly<Record<string, unknown>>,
  ended: boolean,
): string {
  const level = textOf(severity);
  const chip = level === '' ? '' : `<span class="chip ${escaped(level)}">${escaped(level)}</span> `;
  const now = state === 'resolved' ? 'tells that an alert was resolved' : ended ? 'resolved' : 'open';
  const times = [
    textOf(since) === '' ? '' : `since ${textOf(since)}`,
    textOf(eventTime) === '' ? '' : `told at ${textOf(eventTime)}`,
  ].filter((each) => each !== '');
  return chip + escaped([`${textOf(kind)} ${now}`.trim(), ...times].join(', '));
}

function pictureOf(drift: unknown): string {
  if (typeof drift !== 'object' || drift === null) return '';
  const { before, after } = drift as { readonly before?: unknown; readonly after?: unknown };
  return rangePicture(before, after);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function table(object: object, depth: number): string {
  const rows = Object.entries(object)
    // A time that stands as text too is not shown in ms.
    .filter(([name, value]) => isShown(value) && !(name.endsWith('Ms') && name.slice(0, -2) in object))
    .map(([name, value]) => `<tr><th scope="row">${escaped(wordsOf(name))}</th><td>${shown(value, depth)}</td></tr>`);
  return `<table>${rows.join('\n')}</table>`;
}

function shown(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return escaped(String(value));
  return depth >= MAX_DEPTH ? escaped(JSON.stringify(value)) : table(value, depth + 1);
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
