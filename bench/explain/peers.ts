/** Runs peers.py with the interpreter that WEIR_PYTHON names, or python3; undefined when the peers are not installed. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const python = process.env['WEIR_PYTHON'] ?? 'python3';

export function askPeers<Answer>(...question: readonly string[]): Answer | undefined {
  const from = performance.now();
  try {
    const answer = execFileSync(python, [join(import.meta.dirname, 'peers.py'), ...question], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    });
    process.stdout.write(`#   peers: ${question[0]} took ${((performance.now() - from) / 1000).toFixed(0)} s\n`);
    return JSON.parse(answer) as Answer;
  } catch (error) {
    const reason =
      String((error as { stderr?: string }).stderr ?? error)
        .trim()
        .split('\n')
        .at(-1) ?? '';
    process.stdout.write(`peer "${question[0]}" did not answer: ${reason}\n`);
    return undefined;
  }
}
