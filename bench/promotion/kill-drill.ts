/**
 * G3: the kill drill. Online a kill command leaves every client with the champion within two seconds; with the log down, the kill switch of the
 * process does within a lease, and the kill that is sent when the log is back is in it. The drill is an entry of its own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import { parseTrust } from '@weir/ledger/trust';
import { type Summary, verifyLog } from '@weir/ledger/verify';
import { openFolder } from '../../packages/cli/src/commands/verify/bundle-input.ts';
import { entryIn, policySet, version } from '../../services/promotion/test/scene.ts';
import { type Client, held, type LiveService } from './live-service.ts';

const CLIENTS = 20;
const UNITS = Array.from({ length: 200 }, (_, unit) => `unit-${unit}`);

export interface Drill {
  /** From the call until the last client served the champion alone, ms. */
  readonly online: number;
  readonly offline: number | undefined;
  readonly verified: Summary;
}

/** @param cluster whose one broker is taken down for the second half; without it there is none */
export async function killDrill(
  service: LiveService,
  cluster?: { kill(node: number): Promise<void>; start(node: number): Promise<void> },
): Promise<Drill> {
  const kinds = new Set<string>();
  const unfollow = await service.follow('governance-log', ({ value }) => {
    const { model, kind } = entryIn(value as Uint8Array);
    kinds.add(`${model} ${kind}`);
  });
  const online = await drillOne(service, 'online', () =>
    service.command('online', { action: 'kill', reason: 'drill' }),
  );
  let offline: number | undefined;
  if (cluster !== undefined) {
    const model = 'offline';
    offline = await drillOne(
      service,
      model,
      () => service.killSwitch(model),
      () => cluster.kill(1),
    );
    await cluster.start(1);
    await eventually(() => service.command(model, { action: 'kill', reason: 'the broker was down' }));
    await held(() => kinds.has(`${model} killed`), 60_000, 'the kill is in the log');
  }
  const tookMs = String(Math.ceil(offline ?? online));
  await service.command('online', { action: 'drill', subject: { tookMs, clients: String(CLIENTS) }, reason: 'drill' });
  await held(() => kinds.has('online drill'), 30_000, 'the drill is in the log');
  await unfollow();
  return { online, offline, verified: await verified(service.folder) };
}

async function drillOne(
  service: LiveService,
  model: string,
  kill: () => Promise<void>,
  before: () => Promise<void> = async () => {},
): Promise<number> {
  await service.send([version(model, 'a'), version(model, 'b'), policySet(model)]);
  const clients = Array.from({ length: CLIENTS }, () => service.client(model));
  const both = ({ assigner }: Client): boolean => UNITS.some((unit) => assigner.assign(unit).version === 'b');
  await held(() => clients.every(both), 20_000, `clients of ${model} serve two versions`);
  await before();
  const start = performance.now();
  await kill();
  const end = await held(() => !clients.some(both), 30_000, `clients of ${model} serve the champion alone`);
  await Promise.all(clients.map((client) => client.stop()));
  return end - start;
}

/** While a broker comes back, writes are answered with 503. */
async function eventually(run: () => Promise<void>): Promise<void> {
  for (let left = 60; ; left -= 1) {
    try {
      return await run();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(500);
    }
  }
}

/** Every entry of the folder, once its checkpoint has them all. */
async function verified(folder: string): Promise<Summary> {
  await sleep(2_000);
  const trust = parseTrust(readFileSync(join(folder, 'governance/0.trust'), 'utf8'), sha256);
  return verifyLog({ files: openFolder(join(folder, 'governance/0')), trust, sha256, verifiers, mode: 'full' });
}
