import { expect, test } from 'vitest';
import { weirCommand } from '../src/invocation.ts';

test.each<readonly [Record<string, string>, string]>([
  [{}, 'weir'],
  [{ npm_lifecycle_event: 'npx' }, 'weir'],
  [{ npm_lifecycle_event: 'start' }, 'npm run --silent weir --'],
  [{ npm_lifecycle_event: 'weir' }, 'npm run --silent weir --'],
])('%o: %s', (env, command) => {
  expect(weirCommand(env)).toBe(command);
});
