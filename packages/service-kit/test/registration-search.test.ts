import { expect, test } from 'vitest';
import type { InputCursor } from '../src/processing/input-cursor.ts';
import { RegistrationSearch } from '../src/processing/registration-search.ts';

/** A control topic that was read to its end. */
const READ = { position: 10n, end: async () => 10n } as unknown as InputCursor;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a name is looked for once, and the search is over when the control topics were read to where they ended', async () => {
  let answers = 0;
  const cursor = { position: 4n, end: async () => 10n };
  const search = new RegistrationSearch(() => void (answers += 1));
  const before = [cursor as unknown as InputCursor];
  expect(search.isAwaited(['m'], 'predictions', before)).toBe(true);
  await settled();
  expect(answers).toBe(1);
  expect(search.isAwaited(['m'], 'predictions', before)).toBe(true);
  cursor.position = 10n;
  expect(search.isAwaited(['m'], 'predictions', before)).toBe(false);
  search.processed('predictions');
  // Events of a model that does not exist hold up nothing twice; another model's do.
  expect(search.isAwaited(['m'], 'predictions', before)).toBe(false);
  expect(search.isAwaited(['m', 'n'], 'predictions', before)).toBe(true);
});

test('names of the outside are remembered up to 4 MiB; beyond them no event waits', async () => {
  const search = new RegistrationSearch(() => {});
  // As long as a model's name may be.
  const name = (index: number): string => String(index).padStart(512, 'x');
  let remembered = 0;
  for (; remembered < 20_000; remembered += 1) {
    if (!search.isAwaited([name(remembered)], 'predictions', [READ])) break;
    await settled();
    expect(search.isAwaited([name(remembered)], 'predictions', [READ])).toBe(false);
    search.processed('predictions');
  }
  expect(remembered * 2 * 512).toBe(4 << 20);
});
