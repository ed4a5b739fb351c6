/** The service with two witnesses that are not Weir's: they cosign, a third that is away is told of, and `weir verify` asks for the quorum. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '@weir/events/codec';
import { formatVkey } from '@weir/ledger/keys';
import { search } from '@weir/testkit/search';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { originOf } from '../src/log-trust.ts';
import { Running, run, weirVerify } from './running.ts';
import { CONFIG, entryRecord, KEYS, newAuthor } from './scene.ts';

const python = await search<{ readonly command: string }>('Python with cryptography', [
  {
    way: 'local',
    cure: 'pip3 install -r packages/ledger/test/python/requirements.txt',
    open: async () => {
      const { status } = spawnSync('python3', ['-c', 'import cryptography.hazmat.primitives.asymmetric.ed25519']);
      return status === 0 ? { command: 'python3' } : undefined;
    },
  },
]);
if ('skip' in python) process.stderr.write(`skipped: ${python.skip}\n`);

const ORIGIN = originOf(CONFIG, 0);
const [LOG_KEY] = KEYS.signersFor(ORIGIN);
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill();
});

/** @returns its policy line */
async function startWitness(label: string, origin = ORIGIN): Promise<string> {
  const program = join(import.meta.dirname, 'python/witness.py');
  const vkey = formatVkey((LOG_KEY as NonNullable<typeof LOG_KEY>).key);
  const child = spawn('python3', [program, `${label}.example/w`, origin, vkey], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, vkey: own } = JSON.parse(line.toString()) as { readonly port: number; readonly vkey: string };
  return `witness ${label} ${own} http://127.0.0.1:${port}/w`;
}

interface Shown {
  readonly quorum: string;
  readonly newest: {
    readonly checkpoint: { readonly size: number };
    readonly witnesses: string[];
    readonly hasQuorum: boolean;
  };
  readonly witnessed: { readonly size: number } | null;
  readonly faults: readonly { readonly witness: string; readonly said: string; readonly isRefusal: boolean }[];
}

describe.skipIf('skip' in python)('with witnesses', () => {
  test('checkpoints get the cosignatures of the policy, from witnesses that began with nothing and go on with proofs', async () => {
    const running = new Running();
    running.writeKeys();
    const strange = await startWitness('w3', 'another.log/governance/0');
    const lines = [await startWitness('w1'), await startWitness('w2'), strange];
    writeFileSync(
      running.witnesses,
      ['# two of three', ...lines, 'group all-three 2 w1 w2 w3', 'quorum all-three'].join('\n'),
    );
    await running.start();
    try {
      const author = newAuthor();
      const shown = async (): Promise<Shown> => (await running.json('/log/witnesses')) as unknown as Shown;
      const cosigned = (size: number): Promise<unknown> =>
        vi.waitUntil(async () => (await shown()).witnessed?.size === size, { timeout: 20_000, interval: 100 });
      await running.send(['m', 'n', 'm'].map((model) => entryRecord(author.write(model))));
      await running.signed(3);
      await cosigned(3);
      await running.send(Array.from({ length: 300 }, (_, index) => entryRecord(author.write(`m${index % 5}`))));
      await running.signed(303);
      await cosigned(303);
      await vi.waitUntil(async () => (await shown()).faults.length > 0, { timeout: 10_000, interval: 100 });
      const { quorum, newest, faults } = await shown();
      expect(quorum).toBe('2 of (w1, w2, w3)');
      expect(newest).toMatchObject({ checkpoint: { size: 303 }, witnesses: ['w1', 'w2'], hasQuorum: true });
      expect(faults).toMatchObject([{ witness: 'w3', isRefusal: true }]);
      expect(faults[0]?.said).toMatch(/404: the log weir\/governance\/0 is not known here/);

      const alerts = (await running.read('alerts')).map(({ value }) => decode(value as Uint8Array));
      expect(alerts).toMatchObject([
        { name: 'AlertRaised', event: { rule: 'governance-witnesses', severity: 'critical' } },
      ]);
      const notes = (await running.read('governance-checkpoints')).map(({ value }) => decode(value as Uint8Array));
      const last = notes.at(-1)?.event as { readonly size: number; readonly note: string };
      expect(last.size).toBe(303);
      expect(last.note.match(/^— w[12]\.example\/w /gm)).toHaveLength(2);

      await running.stop();
      const replayed = await run('packages/cli/src/main.ts', ['replay', '--file', join(running.folder, 'log.db')]);
      expect(replayed.out).toMatch(/governance-log/);
      expect(replayed.code).toBe(0);

      const sound = await weirVerify(running.bundle, '--trust', running.trust);
      expect(sound.out).toMatch(/witnesses w1, w2.*quorum 2 of \(w1, w2, w3\)/s);
      expect(sound.code).toBe(0);
      // Cosignatures that are taken away are missed.
      for (const name of ['checkpoint', 'checkpoints/303']) {
        const file = join(running.bundle, name);
        writeFileSync(file, readFileSync(file, 'utf8').replace(/^— w2\.example.*\n/m, ''));
      }
      const tampered = await weirVerify(running.bundle, '--trust', running.trust);
      expect(tampered.code).toBe(1);
      expect(tampered.out).toMatch(/quorum/);
    } finally {
      await running.end();
    }
  }, 90_000);
});
