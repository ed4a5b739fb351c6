/** The interface of each service alone, as its OpenAPI document describes it: committed, with names for what it answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type DevService, SERVICES } from '../src/commands/dev/services.ts';
import { mount } from './fixtures/mounted-service.ts';
import { ROOT } from './fixtures/pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Content {
  readonly schema: { readonly $ref?: string };
}
interface Operation {
  readonly summary?: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

async function documentOf(service: DevService): Promise<Document> {
  const { app } = await mount(service, folder);
  const { body } = await app.inject({ url: '/openapi.json', headers: { host: '127.0.0.1' } });
  await app.close();
  return JSON.parse(body) as Document;
}

describe.each(SERVICES)('$name', (service) => {
  test('the document is the committed one', async () => {
    const document = await documentOf(service);
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(
      join(ROOT, 'services', service.name, 'test/golden/openapi.json'),
    );
  });

  test('each answer in JSON has a name, each error is a Problem, and each operation says what it does', async () => {
    const { paths, components } = await documentOf(service);
    const faults: string[] = [];
    for (const [path, operations] of Object.entries(paths))
      for (const [method, { summary, responses }] of Object.entries(operations)) {
        const at = `${method} ${path}`;
        if (summary === undefined) faults.push(`${at} has no summary`);
        const statuses = Object.keys(responses);
        if (!statuses.some((status) => status.startsWith('2'))) faults.push(`${at} has no answer`);
        if (path.startsWith('/v1/') && !statuses.some((status) => status.startsWith('5')))
          faults.push(`${at} never fails`);
        for (const [status, { content = {} }] of Object.entries(responses))
          for (const [type, { schema }] of Object.entries(content)) {
            const [, named] = /^#\/components\/schemas\/(\w+)$/.exec(schema.$ref ?? '') ?? [];
            if (type.endsWith('json') && (named === undefined || components.schemas[named] === undefined))
              faults.push(`${at} ${status} has no named schema`);
            if (status >= '400' && named !== 'Problem') faults.push(`${at} ${status} is no Problem`);
          }
      }
    expect(faults).toEqual([]);
  });
});
