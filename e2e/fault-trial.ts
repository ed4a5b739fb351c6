/** A fault run from the start of its broker to the judgement of what it left. */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FaultPlan, FaultRun, Requests, type Tally } from './fault-run.ts';
import { type Judgement, judge } from './judgement.ts';
import { Stage } from './stage.ts';

/** Partitions beside those of the service: the more a broker has, the longer after its restart some have no leader. */
const OTHER_PARTITIONS = 48;
const PREFIX = 'faults.';
const FINISH_MS = 300_000;
const JUDGE_MS = 600_000;

export interface TrialOptions {
  readonly plan: FaultPlan;
  /** The faults are spread over so much time. */
  readonly minutes: number;
  /** Predictions a second. */
  readonly rate: number;
  readonly say: (line: string) => void;
}

export interface Trial extends Tally {
  readonly minutes: number;
  /** How often a coordinator said that it left out markers. */
  readonly markerSkipsLogged: number;
  /** Why nothing could be judged. */
  readonly failure: string | undefined;
  readonly judgement: Judgement | undefined;
}

export async function faultTrial({ plan, minutes, rate, say }: TrialOptions): Promise<Trial> {
  const requests = new Requests();
  const stage = await Stage.behindProxy((apiKey) => requests.passed(apiKey));
  const admin = await stage.log.admin();
  await admin.createTopics([{ topic: 'other', partitions: OTHER_PARTITIONS, cleanup: 'delete' }]);
  await admin.close();
  await stage.introduce(PREFIX);
  say(`brokers ${stage.cluster.brokers.join(',')}, data in ${stage.cluster.folder}`);
  const run = new FaultRun(stage, requests, PREFIX);
  let failure: string | undefined;
  let judgement: Judgement | undefined;
  try {
    await run.run(plan, minutes, rate, say);
    say('no more faults and no more input');
    await run.finish(FINISH_MS);
    judgement = await judge(stage, PREFIX, JUDGE_MS);
  } catch (error) {
    failure = String(error);
  }
  const brokerSaid = readFileSync(join(stage.cluster.folder, '1', 'broker.log'), 'utf8');
  const markerSkipsLogged = brokerSaid.match(/Couldn't find leader endpoint/g)?.length ?? 0;
  const trial = { minutes, ...run.tally, markerSkipsLogged, failure, judgement };
  if (!isWhole(trial)) say(`brokers and snapshots are kept in ${kept(stage)}`);
  await run.end();
  await stage.stop();
  return trial;
}

export function isWhole({ judgement, endedByThemselves }: Trial): boolean {
  if (judgement === undefined || endedByThemselves.length > 0) return false;
  const { lost, doubled, strange, reordered } = judgement;
  return lost + doubled + strange + reordered === 0;
}

function kept(stage: Stage): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-faults-'));
  cpSync(stage.cluster.folder, join(folder, 'kafka'), { recursive: true });
  cpSync(stage.folder, join(folder, 'snapshots'), { recursive: true });
  return folder;
}
