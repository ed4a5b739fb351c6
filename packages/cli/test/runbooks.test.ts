/** Each rule for Prometheus has a runbook, each runbook a rule, and each annotation leads to its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './fixtures/pages.ts';

const RULES = readFileSync(join(ROOT, 'infra/prometheus/rules.yml'), 'utf8');
const PAGE = readFileSync(join(ROOT, 'docs/runbooks.md'), 'utf8');
const TESTS = readFileSync(join(ROOT, 'infra/prometheus/rules.test.yml'), 'utf8');
const names = [...RULES.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name as string);

test('a section for each rule, in their order, and no other', () => {
  expect(names.length).toBeGreaterThan(12);
  expect([...PAGE.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(names);
});

test.each(names)('%s: its annotation leads to its section, which says what it means and what to do', (name) => {
  const [, rule = ''] = RULES.split(new RegExp(`^ +- alert: ${name}$`, 'm'));
  const [own = ''] = rule.split(/^ +- alert: /m);
  const base = '{{ or $externalLabels.weir_runbooks `docs/runbooks.md` }}';
  expect(own).toContain(`runbook_url: "${base}#${name.toLowerCase()}"`);
  const [, section = ''] = PAGE.split(`\n## ${name}\n`);
  const [text = ''] = section.split('\n## ');
  // One that is a case of another says so by a link.
  expect(text).toMatch(/\*\*Means\*\*[^]*\*\*Do\*\*|\[Weir\w+\]\(#weir\w+\)/);
});

test('the tests of the rules name rules that there are', () => {
  const tested = new Set([...TESTS.matchAll(/alertname: (\w+)/g)].map(([, name]) => name as string));
  expect([...tested].filter((name) => !names.includes(name))).toEqual([]);
});
