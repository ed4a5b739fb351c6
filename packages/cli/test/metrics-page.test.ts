/** docs/metrics.md lists every metric of every service, with type, labels and help as the code has them. `-u` writes it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type DevService, SERVICES } from '../src/commands/dev/services.ts';
import { mount } from './fixtures/mounted-service.ts';
import { ROOT } from './fixtures/pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

async function metricsOf(service: DevService): Promise<readonly Metric[]> {
  const { app, registry } = await mount(service, folder);
  await app.close();
  const metrics = registry.getMetricsAsArray() as unknown as readonly Metric[];
  return metrics.filter((each) => each.name.startsWith('weir_'));
}

const HEAD = `# Metrics

Every service answers \`/metrics\` in Prometheus' format, beside Node's own (\`process_\`, \`nodejs_\`). Of a histogram there are \`_bucket\`, \`_sum\` and
\`_count\`. \`model\` stands for itself for the first models of a service, and is \`other\` beyond them. This page is written by
\`npm test -- unit packages/cli/test/metrics-page.test.ts -u\`; [rules for those on call](runbooks.md) are in
[infra/prometheus/rules.yml](../infra/prometheus/rules.yml).
`;

function section(title: string, metrics: readonly Metric[]): string {
  const rows = metrics
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labelNames, help }) => [`\`${name}\``, type, labelNames.join(', '), help]);
  const head = ['metric', 'type', 'labels', 'what it says'];
  const widths = head.map((each, at) => Math.max(...[head, ...rows].map((row) => (row[at] ?? each).length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] as number)).join(' | ')} |\n`;
  const rule = widths.map((width) => '-'.repeat(width));
  return `\n## ${title}\n\n${[head, rule, ...rows].map(line).join('')}`;
}

test('the page lists what the services register', async () => {
  const all = await Promise.all(SERVICES.map(async (each) => ({ name: each.name, metrics: await metricsOf(each) })));
  const inAll = (metric: Metric): boolean =>
    all.every(({ metrics }) => metrics.some(({ name }) => name === metric.name));
  const common = (all[0]?.metrics ?? []).filter(inAll);
  expect(common.length).toBeGreaterThan(20);
  const own = all
    .map(({ name, metrics }) => ({ name, metrics: metrics.filter((each) => !inAll(each)) }))
    .filter(({ metrics }) => metrics.length > 0);
  const text = [HEAD, section('Of every service', common), ...own.map(({ name, metrics }) => section(name, metrics))];
  await expect(text.join('')).toMatchFileSnapshot(join(ROOT, 'docs/metrics.md'));
});
