/** Runs peers.py with the interpreter that WEIR_PYTHON names, or python3; undefined when the peers are not installed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const python = process.env['WEIR_PYTHON'] ?? 'python3';

/** Progress and errors of peers.py go to stderr. */
export function askPeers<Answer>(...question: readonly string[]): Answer | undefined {
  const from = performance.now();
  const { status, error, stdout } = spawnSync(python, [join(import.meta.dirname, 'peers.py'), ...question], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
  const took = `${((performance.now() - from) / 1000).toFixed(0)} s`;
  if (error === undefined && status === 0) {
    process.stdout.write(`#   peers: ${question[0]} took ${took}\n`);
    return JSON.parse(stdout) as Answer;
  }
  process.stdout.write(
    `#   peers: ${question[0]} gave no answer: ${error?.message ?? `${python} ended with ${status}`}\n`,
  );
  return undefined;
}
