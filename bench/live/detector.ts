/** The service as it is deployed: a process of its own, its settings those of the defaults. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WINDOW } from './load.ts';

const MAIN = join(import.meta.dirname, '../../services/drift-detector/src/main.ts');
/** Of /proc, a second. */
const CLOCK_TICKS = 100;

export class LiveDetector {
  readonly #child: ChildProcess;
  #said = '';

  constructor(brokers: readonly string[], redisUrl: string, prefix: string, partitions: number) {
    this.#child = spawn(process.execPath, ['--max-semi-space-size=16', MAIN], {
      env: {
        ...process.env,
        WEIR_LOG: 'kafka',
        KAFKA_BROKERS: brokers.join(','),
        REDIS_URL: redisUrl,
        WEIR_TOPIC_PREFIX: prefix,
        WEIR_PARTITIONS: String(partitions),
        WEIR_DRIFT_WINDOWS: String(WINDOW),
        WEIR_HTTP_PORT: '0',
        WEIR_LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (text: Buffer) => {
      this.#said += String(text);
    });
  }

  /** @throws when it has ended by itself, with what it said */
  check(): void {
    if (this.#child.exitCode !== null) throw new Error(`the detector ended by itself: ${this.#said}`);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.check();
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }

  /** CPU time used so far, s. */
  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
    // After the name, which may hold blanks: state is field 3, utime 14, stime 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
  }

  /** Resident, MiB. */
  get residentMiB(): number {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'));
    return Number(line?.[1]) / 1_024;
  }
}
