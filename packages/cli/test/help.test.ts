/** What `--help` prints of a command is what the command parses. */
import { expect, test } from 'vitest';
import { COMMANDS } from '../src/commands.ts';

/** Options that a text names; those of another command (`weir verify --help`) are not its own. */
function named(help: string): ReadonlySet<string> {
  return new Set([...help.matchAll(/(?<![\w-])--([a-z][a-z-]*[a-z])/g)].map(([, name]) => name as string));
}

test.each(COMMANDS)('weir $name: the help names every option and no other', async ({ load, name }) => {
  const { help, options } = await load();
  expect(help).toMatch(new RegExp(`^weir ${name}`));
  expect([...named(help)].filter((option) => option !== 'help').sort()).toEqual(Object.keys(options).sort());
});

test.each(COMMANDS)('weir $name: a default of the declaration is the one that the help prints', async ({ load }) => {
  const { help, options } = await load();
  for (const [name, option] of Object.entries(options)) {
    const value = (option as { readonly default?: unknown }).default;
    if (typeof value !== 'string') continue;
    const line = help.split('\n').filter((each) => each.includes(`--${name} `) || each.includes(`--${name}\n`));
    expect(line.join('\n')).toMatch(new RegExp(`--${name} .*(default:? ${value}\\b|${value}\\b.*\\(default\\))`));
  }
});
