/**
 * Schema ids from a Confluent-compatible registry: our schemas are registered under their record names (RecordNameStrategy), and ids that
 * others wrote with are looked up when they first come. Source: Confluent Schema Registry API, `/subjects/{subject}/versions`, `/schemas/ids/{id}`.
 */
import { adoptSchemaIds, type EventName, SCHEMAS, type SchemaIds } from './codec.ts';

const TIMEOUT_MS = 10_000;
const MAX_SCHEMA_BYTES = 1 << 20;
/** A registry that failed is not asked again about the same id for this long. */
const PAUSE_MS = 1_000;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

type Known = { readonly name: EventName; readonly schema: object } | 'pending' | 'unknown';

export class RegistryError extends Error {
  override readonly name = 'RegistryError';
}

/**
 * Registers every schema and adopts the ids that come back.
 * @param url http(s)://[user:password@]host[:port][/path]
 * @throws {RegistryError} when it does not answer, or refuses a schema: naming both and the cure
 */
export async function adoptRegistry(url: string): Promise<void> {
  const registry = new Registry(url);
  const entries = await Promise.all(
    [...SCHEMAS].map(async ([name, schema]) => [name, await registry.register(`weir.${name}`, schema)] as const),
  );
  adoptSchemaIds(Object.fromEntries(entries) as SchemaIds, (id) => registry.lookup(id));
}

class Registry {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #known = new Map<number, Known>();

  constructor(url: string) {
    const { username, password, origin, pathname } = new URL(url);
    this.#base = origin + pathname.replace(/\/$/, '');
    const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
    this.#headers = {
      accept: MEDIA_TYPE,
      'content-type': MEDIA_TYPE,
      ...(username === '' ? {} : { authorization: `Basic ${basic}` }),
    };
  }

  async register(subject: string, schema: object): Promise<number> {
    const body = JSON.stringify({ schema: JSON.stringify(schema) });
    const { status, json } = await this.#ask('POST', `/subjects/${encodeURIComponent(subject)}/versions`, body);
    const { id, message } = json as { readonly id?: unknown; readonly message?: unknown };
    if (status === 200 && Number.isInteger(id)) return id as number;
    throw new RegistryError(
      `the schema registry at ${this.#base} refused ${subject} (${status}: ${typeof message === 'string' ? message : 'no reason given'}); ` +
        'correct SCHEMA_REGISTRY_URL, or register a compatible version',
    );
  }

  /** Answers from memory and asks in the background. */
  lookup(id: number): Known {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    this.#known.set(id, 'pending');
    this.#fetch(id).then(
      (found) => this.#known.set(id, found),
      // Nobody said that the id is unknown: ask again, but not at once.
      () => setTimeout(() => this.#known.delete(id), PAUSE_MS).unref(),
    );
    return 'pending';
  }

  async #fetch(id: number): Promise<Known> {
    const { status, json } = await this.#ask('GET', `/schemas/ids/${id}`);
    if (status === 404) return 'unknown';
    if (status !== 200) throw new RegistryError(`status ${status}`);
    const { schema: text } = json as { readonly schema?: string };
    const schema = JSON.parse(text ?? 'null') as { readonly name?: string; readonly namespace?: string } | null;
    const name = [...SCHEMAS.keys()].find((each) => `weir.${each}` === fullName(schema));
    return schema === null || name === undefined ? 'unknown' : { name, schema };
  }

  async #ask(
    method: string,
    path: string,
    body?: string,
  ): Promise<{ readonly status: number; readonly json: unknown }> {
    try {
      const response = await fetch(this.#base + path, {
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      if (text.length > MAX_SCHEMA_BYTES) throw new RegistryError(`an answer of ${text.length} bytes`);
      return { status: response.status, json: JSON.parse(text) as unknown };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new RegistryError(
        `the schema registry at ${this.#base} did not answer ${method} ${path}: ${cause}; start it, or correct SCHEMA_REGISTRY_URL`,
        { cause: error },
      );
    }
  }
}

function fullName(schema: { readonly name?: string; readonly namespace?: string } | null): string | undefined {
  const { name, namespace } = schema ?? {};
  return name === undefined || name.includes('.') || namespace === undefined ? name : `${namespace}.${name}`;
}
