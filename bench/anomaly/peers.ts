import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PeerRun {
  readonly scores: Float64Array;
  readonly seconds: number;
}

/** Each a process, or why there is none. */
export interface Peers {
  readonly rcf: Peer | string;
  readonly trcf: Peer | string;
  readonly hst: Peer | string;
}

const ABSENT = 'absent';
const RCF_VERSION = '4.4.0';
const RCF_PARTS = ['core', 'parkservices'];

/** A scorer in another process. One stream at a time; the process is kept, so that a virtual machine is warm from the second on. */
export class Peer {
  readonly name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  #received: Buffer[] = [];
  #wake: () => void = () => undefined;
  #failed = '';

  constructor(name: string, command: string, commandArguments: readonly string[]) {
    this.name = name;
    this.#child = spawn(command, commandArguments, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#wake();
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#failed += chunk.toString();
    });
    this.#child.on('close', () => this.#wake());
    this.#child.stdin.on('error', () => this.#wake());
  }

  /** @param setting the number of trees, or for a forest that is kept how many of the first rows it learns */
  async run(rows: readonly Float64Array[], setting: number): Promise<PeerRun> {
    const d = (rows[0] as Float64Array).length;
    const request = Buffer.alloc(12 + rows.length * d * 8);
    for (const [i, value] of [setting, rows.length, d].entries()) request.writeInt32BE(value, 4 * i);
    for (const [i, row] of rows.entries())
      for (let k = 0; k < d; k += 1) request.writeDoubleBE(row[k] as number, 12 + (i * d + k) * 8);
    this.#received = [];
    this.#child.stdin.write(request);
    const wanted = (rows.length + 1) * 8;
    while (this.#received.reduce((sum, { length }) => sum + length, 0) < wanted) {
      if (this.#child.exitCode !== null) throw new Error(`${this.name} ended: ${this.#failed}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const answer = Buffer.concat(this.#received);
    const scores = Float64Array.from(rows, (_, i) => answer.readDoubleBE(8 * i));
    return { scores, seconds: answer.readDoubleBE(8 * rows.length) };
  }

  stop(): void {
    this.#child.stdin.end();
  }
}

/** RCF from Maven, and its thresholded form (TRCF), compiled against their jars in the temporary folder; the reason when they cannot be. */
export function rcfPeers(): Pick<Peers, 'rcf' | 'trcf'> {
  const path = rcfClassPath();
  if (typeof path !== 'string') return { rcf: path.reason, trcf: path.reason };
  const java = ['-Xmx1g', '-XX:+UseSerialGC', '-cp', path, 'RcfPeer'];
  return {
    rcf: new Peer(`RCF Java ${RCF_VERSION}`, 'java', java),
    trcf: new Peer(`TRCF Java ${RCF_VERSION}`, 'java', [...java, 'thresholded']),
  };
}

/** RCF's attribution (DiVector) of the last `rows` rows of a run. */
export function attributionPeer(rows: number): Peer | string {
  const path = rcfClassPath();
  if (typeof path !== 'string') return path.reason;
  const java = ['-Xmx1g', '-XX:+UseSerialGC', '-cp', path, 'RcfPeer', 'attribution', String(rows)];
  return new Peer(`RCF Java ${RCF_VERSION}`, 'java', java);
}

function rcfClassPath(): string | { readonly reason: string } {
  const folder = join(tmpdir(), `weir-bench-rcf-${RCF_VERSION}`);
  mkdirSync(folder, { recursive: true });
  const run = (command: string, commandArguments: readonly string[]): boolean =>
    spawnSync(command, commandArguments, { stdio: 'ignore' }).status === 0;
  if (!run('java', ['-version'])) return { reason: `${ABSENT}: no Java` };
  const jars = RCF_PARTS.map((part) => `randomcutforest-${part}-${RCF_VERSION}.jar`);
  for (const [at, jar] of jars.entries()) {
    const artifact = `software.amazon.randomcutforest:randomcutforest-${RCF_PARTS[at]}:${RCF_VERSION}`;
    if (!existsSync(join(folder, jar)))
      run('mvn', ['-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]);
    if (!existsSync(join(folder, jar))) return { reason: `${ABSENT}: Maven gave no ${artifact}` };
  }
  const path = [...jars.map((jar) => join(folder, jar)), folder].join(':');
  if (!run('javac', ['-cp', path, '-d', folder, join(import.meta.dirname, 'RcfPeer.java')]))
    return { reason: `${ABSENT}: javac failed` };
  return path;
}

const PYTHON_PACKAGES = { hst: 'river', rrcf: 'rrcf', iforest: 'sklearn' };

/** A peer of `python_peers.py`, in the Python that WEIR_BENCH_PYTHON names or `python3`; the reason when its package is not there. */
export function pythonPeer(model: keyof typeof PYTHON_PACKAGES, title: string): Peer | string {
  const python = process.env['WEIR_BENCH_PYTHON'] ?? 'python3';
  const name = PYTHON_PACKAGES[model];
  const ask = `import ${name}; from importlib.metadata import version; print(version('${name === 'sklearn' ? 'scikit-learn' : name}'))`;
  const found = spawnSync(python, ['-c', ask], { encoding: 'utf8' });
  if (found.status !== 0) return `${ABSENT}: ${python} has no ${name} (bench/anomaly/requirements.txt)`;
  return new Peer(`${title} ${found.stdout.trim()}`, python, [join(import.meta.dirname, 'python_peers.py'), model]);
}
