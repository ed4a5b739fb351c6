/** Promotions on a Kafka while the service is killed: models that are promoted or rolled back one after another, and what the log and a webhook have of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { GovernanceEntry } from '@weir/events/generated/events';
import { chainFault, emptyHead, type Head, nextHead } from '@weir/ledger/chain';
import type { Entry } from '@weir/ledger/entry';
import { decodeEntry } from '@weir/ledger/entry-codec';
import { sha256 } from '@weir/ledger/node-crypto';
import { TreeHasher } from '@weir/ledger/tree';
import { createPromotionProcessor } from '@weir/promotion/processor';
import { UNSIGNED } from '@weir/promotion/signer';
import { topicSpecs } from '@weir/service-kit/runner';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { CONFIG, NOW_MS, policySet, traffic, version } from '../services/promotion/test/scene.ts';
import { type Stage, seeded, sleep, until } from './stage.ts';

const PAIRS = 150;
const START_MS = NOW_MS - 1e6;
/** Splits of a model: it serves, its test opens, its test ends. */
const SPLITS = 3;

export interface Actuated {
  readonly model: string;
  readonly owner: number;
  readonly epoch: number;
  readonly decisionId: string;
}

/** A receiver of webhooks that keeps what it was told, in order. */
export class Receiver {
  readonly told: Actuated[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        this.told.push(JSON.parse(body) as Actuated);
        response.end();
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  /** Part of the policy, and so of the id of every decision: runs that are compared share a receiver. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

export interface Judgement {
  readonly kills: number;
  readonly entries: number;
  readonly claims: number;
  readonly decisions: number;
  readonly webhooks: number;
  /** What is wrong; empty when all of it holds. */
  readonly faults: readonly string[];
}

/** A model in each life: half of the lives end at an effect, the others at a seeded moment. */
export async function killPromotions(
  stage: Stage,
  prefix: string,
  kills: number,
  receiver: Receiver,
): Promise<Judgement> {
  const { url } = receiver;
  const rng = seeded();
  await createTopics(stage, prefix);
  let killed = 0;
  for (let life = 0; life < kills; life += 1) {
    await feedModel(stage, prefix, life, url);
    const aimed = life % 4 === 0 ? 'before' : life % 4 === 2 ? 'after' : 'never';
    const child = start(stage, prefix, url, aimed);
    const exit = once(child.process, 'exit');
    if (aimed === 'never') {
      await until(
        async () => child.commits > 0 || child.process.exitCode !== null,
        60_000,
        () => child.said,
      );
      await sleep(uniformInt(rng, 0, 400));
      child.process.kill('SIGKILL');
    }
    const [, signal] = await Promise.race([
      exit,
      sleep(60_000).then(() => Promise.reject(new Error(`life ${life} was not killed: ${child.said}`))),
    ]);
    if (signal !== 'SIGKILL') throw new Error(`life ${life} ended by itself: ${child.said}`);
    killed += 1;
  }
  const last = start(stage, prefix, url, 'never');
  const isTold = async (): Promise<boolean> =>
    new Set(receiver.told.filter(({ epoch }) => epoch === SPLITS).map(({ model }) => model)).size === kills;
  await until(isTold, 120_000, () => last.said);
  const exit = once(last.process, 'exit');
  last.process.kill('SIGTERM');
  await exit;
  return { ...judged(await entriesOf(stage, prefix), receiver.told), kills: killed };
}

/** The same models, one life. */
export async function calmPromotions(
  stage: Stage,
  prefix: string,
  models: number,
  receiver: Receiver,
): Promise<readonly string[]> {
  const { url } = receiver;
  receiver.told.length = 0;
  await createTopics(stage, prefix);
  for (let model = 0; model < models; model += 1) await feedModel(stage, prefix, model, url);
  const only = start(stage, prefix, url, 'never');
  const isTold = async (): Promise<boolean> => receiver.told.filter(({ epoch }) => epoch === SPLITS).length === models;
  await until(isTold, 120_000, () => only.said);
  const exit = once(only.process, 'exit');
  only.process.kill('SIGTERM');
  await exit;
  return decisionsOf(await entriesOf(stage, prefix));
}

/** Ids by model and number. Claims are left out: there is one for each owner. */
export function decisionsOf(entries: readonly Entry[]): readonly string[] {
  return entries
    .filter(({ kind }) => kind !== 'epoch-claim')
    .map(({ model, no, kind, epoch, time, decisionId }) => [model, no, kind, epoch, time, decisionId].join(' '))
    .sort();
}

async function createTopics(stage: Stage, prefix: string): Promise<void> {
  const admin = await stage.log.admin();
  await admin.createTopics(topicSpecs(createPromotionProcessor([UNSIGNED]), prefix, 1));
  await admin.close();
}

async function feedModel(stage: Stage, prefix: string, index: number, target: string): Promise<void> {
  const model = `m${index}`;
  const [championFails, challengerFails] = index % 2 === 0 ? [2, 10] : [10, 2];
  const records: readonly NewRecord[] = [
    version(model, 'a'),
    version(model, 'b'),
    policySet(model, { actuators: [{ kind: 'webhook', target }] }),
    ...traffic(model, PAIRS, START_MS, { championFails, challengerFails }),
  ];
  const producer = await stage.log.producer();
  await producer.send(records.map((each) => ({ ...each, topic: prefix + each.topic })));
  await producer.close();
}

interface Life {
  readonly process: ChildProcess;
  commits: number;
  said: string;
}

function start(stage: Stage, prefix: string, url: string, when: 'never' | 'before' | 'after'): Life {
  const main = join(import.meta.dirname, 'promotion-process.ts');
  const file = join(stage.folder, `${prefix}promotion.db`);
  const child = spawn(process.execPath, [main, stage.cluster.brokers.join(','), prefix, file, url, when], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const life: Life = { process: child, commits: 0, said: '' };
  child.stdout.on('data', (text: Buffer) => {
    life.commits += String(text).split('committed').length - 1;
  });
  child.stderr.on('data', (text: Buffer) => {
    life.said += String(text);
  });
  return life;
}

async function entriesOf(stage: Stage, prefix: string): Promise<readonly Entry[]> {
  const reader = await stage.log.reader();
  const stream = await reader.open({ topic: `${prefix}governance-log`, partition: 0 }, 'earliest');
  const entries: Entry[] = [];
  for (let batch = await stream.next(2_000); batch !== undefined || stream.lag !== 0n; batch = await stream.next(500))
    for (const { value } of batch?.records ?? []) {
      const { event } = decode(value as Uint8Array) as { readonly event: GovernanceEntry };
      entries.push(decodeEntry(event.entry, sha256));
      bytesOf.set(entries.at(-1) as Entry, event.entry);
    }
  await reader.close();
  return entries;
}

const bytesOf = new WeakMap<Entry, Uint8Array>();

/** Chains without gap or fork, no split in force without its entry, and no (owner, epoch) told after a higher one. */
function judged(entries: readonly Entry[], told: readonly Actuated[]): Omit<Judgement, 'kills'> {
  const faults: string[] = [];
  const hasher = new TreeHasher(sha256);
  const heads = new Map<string, Head>();
  for (const entry of entries) {
    const head = heads.get(entry.model) ?? emptyHead(`${CONFIG.deployment}/governance/0`, entry.model, sha256);
    const fault = chainFault(head, entry);
    if (fault !== undefined) faults.push(`${entry.model} seq ${entry.seq}: ${fault.reason}, ${fault.detail}`);
    heads.set(entry.model, nextHead(head, entry, new Uint8Array(hasher.leaf(bytesOf.get(entry) as Uint8Array))));
  }
  const known = new Set(entries.map(({ model, decisionId }) => `${model} ${decisionId}`));
  const inForce = new Map<string, Actuated>();
  for (const each of told) {
    if (!known.has(`${each.model} ${each.decisionId}`)) faults.push(`${each.model} epoch ${each.epoch} has no entry`);
    const before = inForce.get(each.model);
    if (before !== undefined && (each.owner < before.owner || each.epoch < before.epoch))
      faults.push(`${each.model}: (${each.owner}, ${each.epoch}) after (${before.owner}, ${before.epoch})`);
    inForce.set(each.model, each);
  }
  for (const { model, epoch } of inForce.values()) if (epoch !== SPLITS) faults.push(`${model} ends in epoch ${epoch}`);
  const claims = entries.filter(({ kind }) => kind === 'epoch-claim').length;
  return { entries: entries.length, claims, decisions: entries.length - claims, webhooks: told.length, faults };
}

export { entriesOf };
