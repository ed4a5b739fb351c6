/** G2: explanations, proofs and what served at a time, out of a log of many decisions, over HTTP from the running service. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BundleWriter, CHECKPOINT, checkpointPath, formatManifest, MANIFEST } from '@weir/ledger/bundle';
import { signCheckpoint } from '@weir/ledger/checkpoint';
import type { Kind } from '@weir/ledger/entry';
import { decodeEntry } from '@weir/ledger/entry-codec';
import { sha256 } from '@weir/ledger/node-crypto';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts } from '@weir/service-kit/ports';
import { startServices } from '@weir/service-kit/service';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { LOG_SIGNER } from '../../packages/ledger/test/scene.ts';
import { SETTINGS } from '../../services/governance-log/src/config.ts';
import { governanceLog } from '../../services/governance-log/src/service.ts';
import { hasher } from '../../services/governance-log/src/state.ts';
import { KEY_LINES, KEYS, newAuthor } from '../../services/governance-log/test/scene.ts';
import { bar, folderOnDisk, median, row } from './clock.ts';

const MODELS = 50;
const ASKED = 500;
/** A test of a model, over and over. */
const TEST: readonly Kind[] = [
  'test-opened',
  'weights-set',
  'weights-set',
  'weights-set',
  'guardrail-fired',
  'eligible',
  'approval',
  'approval',
  'promoted',
  'retired',
];
const WRITTEN_AT_ONCE = 10_000;

export async function benchExplain(decisions: number): Promise<void> {
  const folder = folderOnDisk();
  try {
    const ids = writeLog(join(folder, 'governance/0'), decisions);
    await ask(folder, decisions, ids);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns ids of some decisions */
function writeLog(bundle: string, decisions: number): readonly string[] {
  const author = newAuthor();
  const writer = new BundleWriter(hasher);
  const ids: string[] = [];
  const write = (name: string, bytes: Uint8Array): void => {
    mkdirSync(dirname(join(bundle, name)), { recursive: true });
    writeFileSync(join(bundle, name), bytes);
  };
  for (let index = 0; index < decisions; index += 1) {
    const turn = Math.floor(index / MODELS);
    const kind = TEST[turn % TEST.length] as Kind;
    const moves = kind === 'test-opened' || kind === 'weights-set' || kind === 'promoted' || kind === 'retired';
    const decision = {
      testId: `test-${Math.floor(turn / TEST.length)}`,
      from: 'v1',
      to: 'v2',
      ...(moves ? { weights: { v1: 500_000, v2: 500_000 } } : {}),
    };
    const bytes = author.write(`m${index % MODELS}`, kind, { decision });
    writer.append(bytes);
    if (index % Math.ceil(decisions / 10_000) === 0) ids.push(decodeEntry(bytes, sha256).decisionId);
    if (writer.size % WRITTEN_AT_ONCE === 0) for (const [name, file] of writer.take()) write(name, file);
  }
  for (const [name, file] of writer.take()) write(name, file);
  const { size } = writer;
  const note = signCheckpoint({ origin: author.origin, size, root: writer.root() }, [LOG_SIGNER], 0);
  write(checkpointPath(size), note);
  write(CHECKPOINT, note);
  write(MANIFEST, formatManifest({ origin: author.origin, checkpoints: [checkpointPath(size)] }));
  return ids;
}

async function ask(folder: string, decisions: number, ids: readonly string[]): Promise<void> {
  const config = loadServiceConfig(SETTINGS, {
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: '0',
    WEIR_GOVERNANCE_FOLDER: join(folder, 'governance'),
  });
  const ports = await connectPorts(config, { clientId: 'bench', report: () => {} });
  const logger = createLogger('bench', 'silent');
  const principals = loadPrincipals(config);
  const services = await startServices([governanceLog(config, KEY_LINES, KEYS)], { ports, config, logger, principals });
  try {
    const get = async (path: string): Promise<number> => {
      const start = performance.now();
      const answer = await fetch(services.url + path);
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${text}`);
      return performance.now() - start;
    };
    const start = performance.now();
    // 503 while the index is made.
    while ((await fetch(`${services.url}/v1/decisions/${ids[0]}`)).status === 503) await sleep(200);
    row(`index of ${decisions} decisions`, `${((performance.now() - start) / 1_000).toFixed(1)} s after the start`);
    const random = xoroshiro128plus(1);
    const any = (): string => ids[uniformInt(random, 0, ids.length - 1)] as string;
    for (const [what, path] of [
      ['explanation of a decision', () => `/v1/decisions/${any()}/explain`],
      ['proof of a decision', () => `/v1/decisions/${any()}/proof`],
      [
        'what served at a time, and why',
        () => `/v1/models/m${uniformInt(random, 0, MODELS - 1)}/timeline?at=1770000900000`,
      ],
    ] as const) {
      const took: number[] = [];
      const worked: number[] = [];
      for (let asked = 0; asked < ASKED; asked += 1) {
        const cpu = process.cpuUsage();
        took.push(await get(path()));
        const { user, system } = process.cpuUsage(cpu);
        worked.push((user + system) / 1_000);
      }
      const tailOf = (values: readonly number[]): number =>
        values.toSorted((a, b) => a - b)[Math.floor(0.99 * ASKED)] as number;
      const tail = tailOf(took);
      const figure = `median ${median(took).toFixed(1)} ms, p99 ${tail.toFixed(1)} ms${bar(tail <= 100, 'p99 100 ms')}, of the CPU, client included, p99 ${tailOf(worked).toFixed(1)} ms`;
      row(`${what}, of ${decisions}`, figure);
    }
  } finally {
    await services.stop();
    await ports.close();
  }
}
