/** Settings for people: `--help` and the table of the documentation. */
import { ruleOf, textOf } from './parse.ts';
import type { Setting, Settings } from './settings.ts';

type Defaults = Readonly<Record<string, unknown>>;

/** Every variable with its reason, default, rule and unit, for `--help`. */
export function describeSettings(settings: Settings, defaults: Defaults = {}): string {
  const width = Math.max(...Object.keys(settings).map((name) => name.length)) + 1;
  return Object.entries(settings)
    .map(([name, setting]) => {
      const facts = [shownDefault(name, setting, defaults), ruleOf(setting), ...unitOf(setting)].join('; ');
      return `  ${name.padEnd(width)} ${setting.reason}\n  ${''.padEnd(width)} ${facts}\n`;
    })
    .join('');
}

/** The same as a Markdown table. */
export function settingsTable(settings: Settings, defaults: Defaults = {}): string {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const value = [ruleOf(setting), ...unitOf(setting)].join('; ');
    return `| ${[`\`${name}\``, shownDefault(name, setting, defaults), value, setting.reason].map(cell).join(' | ')} |`;
  });
  return ['| Variable | Default | Value | Meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function shownDefault(name: string, setting: Setting, defaults: Defaults): string {
  const value = defaults[name] ?? setting.default;
  if (value === undefined) return 'no default';
  return textOf(value) === '' ? 'default empty' : `default ${textOf(value)}`;
}

function unitOf({ unit }: Setting): readonly string[] {
  return unit === undefined ? [] : [unit];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
