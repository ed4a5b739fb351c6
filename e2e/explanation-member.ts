/** A process of explanation-process.ts, and what it said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Stage, until } from './stage.ts';

const PATIENCE_MS = 120_000;

export type Moment = 'never' | 'before' | 'after';

/** Members must not outlive the program that started them. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export class Member {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #commits = 0;
  said = '';

  constructor(stage: Stage, prefix: string, when: Moment = 'never') {
    const main = join(import.meta.dirname, 'explanation-process.ts');
    const file = join(stage.folder, `${prefix}sampler.db`);
    this.#child = spawn(process.execPath, [main, stage.cluster.brokers.join(','), prefix, file, when], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    living.add(this.#child);
    this.#exit = once(this.#child, 'exit').then(() => living.delete(this.#child));
    this.#child.stdout?.on('data', (text: Buffer) => {
      this.#commits += String(text).split('committed').length - 1;
    });
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.said = `${this.said}${String(text)}`.slice(-4_000);
    });
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @throws when it ended by itself */
  lives(): void {
    if (this.#hasEnded)
      throw new Error(`a member ended by itself (${this.#child.exitCode ?? this.#child.signalCode}): ${this.said}`);
  }

  /** Until it has committed something. */
  async works(): Promise<void> {
    const has = async (): Promise<boolean> => {
      this.lives();
      return this.#commits > 0;
    };
    await until(has, PATIENCE_MS, () => `no commit: ${this.said}`);
  }

  /** Until it has killed itself. */
  async isKilled(): Promise<void> {
    await until(
      async () => this.#hasEnded,
      PATIENCE_MS,
      () => `not killed: ${this.said}`,
    );
    if (this.#child.signalCode !== 'SIGKILL') this.lives();
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.#hasEnded) this.#child.kill(signal);
    await this.#exit;
  }
}
