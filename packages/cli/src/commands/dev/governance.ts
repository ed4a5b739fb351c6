/** The governance log of a demonstration: whose entries it takes, and whether it is sound at the end. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { folderOf, type GovernanceConfig, readKeyLines } from '@weir/governance-log/config';
import { SERVICE } from '@weir/governance-log/processor';
import { bundleFolder, trustFile } from '@weir/governance-log/store-handler';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import { TamperError } from '@weir/ledger/tampering';
import { parseTrust } from '@weir/ledger/trust';
import { verifyLog } from '@weir/ledger/verify';
import { type PromotionConfig, signersOf } from '@weir/promotion/config';
import type { Services } from '@weir/service-kit/service';
import type { ReadViews } from '@weir/service-kit/views/read-views';
import { weirCommand } from '../../invocation.ts';
import { openFolder } from '../verify/bundle-input.ts';

/** Those of the file that the environment names; without one promotion's, where it runs in the same process and signs. */
export function authorLines(config: GovernanceConfig): readonly string[] {
  const file = config.WEIR_GOVERNANCE_ENTRY_KEYS_FILE;
  if (file !== '') return readKeyLines(file);
  if (!runsPromotion(config)) return [];
  const authors = signersOf(config).flatMap(({ vkey }) => (vkey === '' ? [] : [`entry-key ${vkey}`]));
  return [...authors, ...config.WEIR_PROMOTION_APPROVERS.map((vkey) => `approver-key ${vkey}`)];
}

/** All services of a run are given all settings of those that were chosen. */
function runsPromotion(config: object): config is PromotionConfig {
  return 'WEIR_PROMOTION_KEY_FILE' in config;
}

/** A second for the last checkpoint to be due, and for the disk. */
const SIGN_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 50;
/** What was committed a moment ago is not in the reader's lag yet. */
const STANDS_MS = 500;

/** Until every entry that was written is under a checkpoint, or for five seconds. */
export async function untilSigned({ runners }: Services, views: ReadViews): Promise<void> {
  const runner = runners.get(SERVICE);
  if (runner === undefined) return;
  const startMs = performance.now();
  let changedMs = startMs;
  for (let nowMs = startMs; nowMs - startMs < SIGN_WITHIN_MS; nowMs = performance.now()) {
    const json = await views.get(SERVICE, 'log/0');
    const { size, stored } = JSON.parse(json ?? '{"size":0,"stored":0}') as { size: number; stored: number };
    if (runner.lagRecords > 0 || size > stored) changedMs = nowMs;
    if (nowMs - changedMs >= STANDS_MS) return;
    await setTimeout(LOOK_EVERY_MS);
  }
}

/** Verified as `weir verify` does, and how to do it again. Undefined while nothing was signed. */
export function verdictOf(config: GovernanceConfig, keep: boolean): string | undefined {
  const folder = folderOf(config);
  const bundle = bundleFolder(folder, 0);
  const file = trustFile(folder, 0);
  if (!existsSync(file)) return undefined;
  try {
    const trust = parseTrust(readFileSync(file, 'utf8'), sha256);
    const { entries, models } = verifyLog({ files: openFolder(bundle), trust, sha256, verifiers, mode: 'full' });
    const again = keep
      ? `check it with: ${weirCommand(process.env)} verify ${bundle} --trust ${file}; an auditor needs that folder and that file, never a .pem`
      : 'it was temporary; --file PATH keeps it for weir verify';
    return `governance log: ${entries} entries of ${models} models under a signed checkpoint, sound; ${again}`;
  } catch (error) {
    if (!(error instanceof TamperError)) throw error;
    return `governance log: NOT sound: ${error.message}`;
  }
}
