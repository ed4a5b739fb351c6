/** How the reader of a printed line calls `weir`: `npm start` runs in a clone, where `weir` is not on the PATH. */

/** @param env of this process: npm tells its scripts their name */
export function weirCommand(env: Readonly<Record<string, string | undefined>>): string {
  const script = env['npm_lifecycle_event'];
  return script === undefined || script === 'npx' ? 'weir' : 'npm run --silent weir --';
}
