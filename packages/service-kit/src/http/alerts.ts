/**
 * Alerts out of the views of all services: `alert/<16-digit ms>/<id>` every alert, `open-alert/<id>` those that are open,
 * `resolution/<16-digit ms of the raised one>/<id of the raised one>` how one ended.
 */
import type { ViewEntry } from '../views/read-views.ts';
import { getOfAll, listOfAll, newestOfAll } from './merged-views.ts';
import type { MountedService } from './mount.ts';

const ALERT = 'alert/';
const OPEN = 'open-alert/';
const RESOLUTION = 'resolution/';
/** Where the id begins in the key of an alert. */
const ID_AT = `${ALERT}${''.padStart(16, '0')}/`.length;
/** Open alerts of a service that are looked at. */
const MAX_OPEN = 10_000;

export interface AlertFilter {
  readonly state?: 'open' | 'raised' | 'resolved';
  readonly model?: string;
  readonly kind?: string;
  readonly severity?: string;
}

/** What this file reads of an alert; the rest is passed on. */
interface Alert {
  readonly id: string;
  readonly state: string;
  readonly model: string;
  readonly kind?: string;
  readonly severity?: string;
  readonly eventTimeMs: number;
  /** Id of the alert that a graver one of the same matter follows. */
  readonly escalates?: string | null;
}

/** Newest first, at most `limit`, after the entry with the key `after`. Raised alerts show their resolution. */
export async function findAlerts(
  services: readonly MountedService[],
  filter: AlertFilter,
  limit: number,
  after?: string,
): Promise<readonly ViewEntry[]> {
  const found: ViewEntry[] = [];
  const entries = filter.state === 'open' ? await openAlerts(services, after) : newestOfAll(services, ALERT, after);
  for await (const { key, json } of entries) {
    if (matches(JSON.parse(json) as Alert, filter)) found.push({ key, json });
    if (found.length >= limit) break;
  }
  return Promise.all(found.map((entry) => withResolution(services, entry)));
}

/**
 * The history is ordered by event time, and its keys end with the id.
 * @param id or how it begins: the newest that begins so
 */
export async function findAlert(services: readonly MountedService[], id: string): Promise<string | undefined> {
  for await (const { key, json } of newestOfAll(services, ALERT))
    if (key.startsWith(id, ID_AT)) return (await withResolution(services, { key, json })).json;
  // An alert may be open for longer than the history reaches back.
  const [open] = await listOfAll(services, { prefix: OPEN + id, limit: 1 });
  return open === undefined ? undefined : withField(open.json, 'resolution', 'null');
}

async function openAlerts(
  services: readonly MountedService[],
  after: string | undefined,
): Promise<readonly ViewEntry[]> {
  const entries = await listOfAll(services, { prefix: OPEN, limit: MAX_OPEN });
  return entries
    .map(({ json }) => ({ key: historyKey(JSON.parse(json) as Alert), json }))
    .sort((a, b) => (a.key < b.key ? 1 : -1))
    .filter(({ key }) => after === undefined || key < after);
}

function historyKey({ eventTimeMs, id }: Alert): string {
  return `${ALERT}${String(Math.max(0, eventTimeMs)).padStart(16, '0')}/${id}`;
}

function matches(alert: Alert, { state, model, kind, severity }: AlertFilter): boolean {
  return (
    (state === undefined || state === 'open' || alert.state === state) &&
    (model === undefined || alert.model === model) &&
    (kind === undefined || alert.kind === kind) &&
    (severity === undefined || alert.severity === severity)
  );
}

async function withResolution(services: readonly MountedService[], { key, json }: ViewEntry): Promise<ViewEntry> {
  const { state, escalates = null } = JSON.parse(json) as Alert;
  if (state !== 'raised') return { key, json };
  const [own] = await getOfAll(services, RESOLUTION + key.slice(ALERT.length));
  const resolution = own?.json ?? (escalates === null ? undefined : await resolutionOf(services, escalates));
  return { key, json: withField(json, 'resolution', resolution ?? 'null') };
}

/** By the id alone: the time of the alert that opened the matter is not known. */
async function resolutionOf(services: readonly MountedService[], raisedId: string): Promise<string | undefined> {
  for await (const { key, json } of newestOfAll(services, RESOLUTION)) if (key.endsWith(`/${raisedId}`)) return json;
  return undefined;
}

/** Views are JSON objects already: a field is added without printing the rest again. */
function withField(object: string, name: string, json: string): string {
  return `${object.slice(0, -1)},${JSON.stringify(name)}:${json}}`;
}
