/** Explanations on a Kafka while two members of the sampler are killed in turn: what the topics then have beside an undisturbed run. */
import { partitionFor } from '@weir/event-log/partition';
import { decode } from '@weir/events/codec';
import type { ExplanationSampled } from '@weir/events/generated/events';
import { createSamplerProcessor } from '@weir/explanation-sampler/processor';
import { replayPartition } from '@weir/service-kit/journal/replay';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { Member, type Moment } from './explanation-member.ts';
import { createTopics, introduction, last, lastOf, MODELS, PARTITIONS, predictions } from './explanation-scenario.ts';
import { compare, type Judgement } from './judgement.ts';
import { outputsOf } from './scenario.ts';
import { type Outputs, type Stage, seeded, sleep, until } from './stage.ts';

/** Not alerts: those on labels depend on how a run read outcomes between predictions, so a replay along the journal judges them. */
const TOPICS = ['explanations', 'explanation-sampler.dlq'];
const DISTURBED = 'kills.';
const CALM = 'calm.';
const FED_EVERY_MS = 100;
const FED_AT_ONCE = 12;
const PATIENCE_MS = 120_000;

export interface ExplanationTrial extends Judgement {
  readonly kills: number;
  /** Of them: when a batch was asked for and nothing computed, and when it was computed and not recorded. */
  readonly killsBefore: number;
  readonly killsAfter: number;
  /** Members that left in order, to make room: the group is balanced anew without a death. */
  readonly departures: number;
  readonly predictions: number;
  /** Explanations and alerts that came again, byte for byte, from the journal of the disturbed run, and partitions in which one did not. */
  readonly replayed: number;
  readonly replayedOtherwise: number;
}

/** @param say gets a line for each kill */
export async function explanationTrial(
  stage: Stage,
  kills: number,
  say: (line: string) => void,
): Promise<ExplanationTrial> {
  const disturbed = await disturb(stage, kills, say);
  say(`${disturbed.predictions} predictions again, undisturbed`);
  await undisturbed(stage, disturbed.predictions);
  say('the journal again');
  const judgement = compare(await outputs(stage, CALM), await outputs(stage, DISTURBED));
  return { ...disturbed, ...(await replay(stage)), ...judgement };
}

export function isWhole(trial: ExplanationTrial, due: number): boolean {
  const { kills, lost, doubled, strange, reordered, replayed, replayedOtherwise } = trial;
  return kills === due && replayed > 0 && lost + doubled + strange + reordered + replayedOtherwise === 0;
}

type Replayed = Pick<ExplanationTrial, 'replayed' | 'replayedOtherwise'>;
type Disturbance = Omit<ExplanationTrial, keyof Judgement | keyof Replayed>;

async function disturb(stage: Stage, kills: number, say: (line: string) => void): Promise<Disturbance> {
  const rng = seeded();
  await introduce(stage, DISTURBED);
  const feeder = new Feeder(stage, DISTURBED);
  const feeding = feeder.run();
  const members: [Member, Member] = [new Member(stage, DISTURBED), new Member(stage, DISTURBED)];
  const counts = { kills: 0, killsBefore: 0, killsAfter: 0, departures: 0 };
  try {
    for (let round = 0; round < kills; round += 1) {
      const at = round % 2;
      const other = members[1 - at] as Member;
      // Half of the kills are aimed: the successor of one that left in order dies of its first batch.
      const moment: Moment = round % 4 === 0 ? 'before' : round % 4 === 3 ? 'after' : 'never';
      const victim = members[at] as Member;
      if (moment === 'never') {
        await victim.works();
        await sleep(uniformInt(rng, 0, 400));
        await victim.end('SIGKILL');
      } else {
        await victim.end('SIGTERM');
        counts.departures += 1;
        await new Member(stage, DISTURBED, moment).isKilled();
        counts[moment === 'before' ? 'killsBefore' : 'killsAfter'] += 1;
      }
      counts.kills += 1;
      other.lives();
      members[at] = new Member(stage, DISTURBED);
      say(`kill ${counts.kills} of ${kills}, ${moment === 'never' ? 'at any moment' : `${moment} a batch`}`);
    }
    feeder.stop();
    await feeding;
    await finish(stage, DISTURBED, members);
  } finally {
    feeder.stop();
    await Promise.all(members.map((member) => member.end('SIGKILL')));
  }
  return { ...counts, predictions: feeder.fed };
}

async function undisturbed(stage: Stage, count: number): Promise<void> {
  await introduce(stage, CALM);
  const producer = await stage.log.producer();
  for (let from = 0; from < count; from += 1_000)
    await producer.send(predictions(CALM, from, Math.min(count, from + 1_000)));
  await producer.close();
  const member = new Member(stage, CALM);
  try {
    await finish(stage, CALM, [member]);
  } finally {
    await member.end('SIGKILL');
  }
}

async function replay(stage: Stage): Promise<Replayed> {
  let [replayed, replayedOtherwise] = [0, 0];
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const processor = createSamplerProcessor();
    const report = await replayPartition({ log: stage.log, topicPrefix: DISTURBED, partition, processor });
    replayed += report.outputs;
    if (report.difference !== undefined || report.otherState !== undefined) replayedOtherwise += 1;
  }
  return { replayed, replayedOtherwise };
}

async function introduce(stage: Stage, prefix: string): Promise<void> {
  await createTopics(stage.log, prefix);
  const producer = await stage.log.producer();
  await producer.send(introduction(prefix));
  await producer.close();
}

/** Until the last prediction of each model is explained: explanations of a model leave in the order in which it was asked. */
async function finish(stage: Stage, prefix: string, members: readonly Member[]): Promise<void> {
  const producer = await stage.log.producer();
  await producer.send(last(prefix));
  await producer.close();
  const waited = new Set(MODELS);
  const reader = await stage.log.reader();
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const stream = await reader.open({ topic: `${prefix}explanations`, partition }, 'earliest');
    const isDue = (model: string): boolean => waited.has(model) && partitionFor(model, PARTITIONS) === partition;
    const hasAll = async (): Promise<boolean> => {
      for (const member of members) member.lives();
      for (const { value } of (await stream.next(500))?.records ?? []) {
        const { model, predictionId } = explanationOf(value);
        if (predictionId === lastOf(model)) waited.delete(model);
      }
      return !MODELS.some(isDue);
    };
    await until(hasAll, PATIENCE_MS, () => `${[...waited].join(', ')} not explained to the end: ${saidBy(members)}`);
  }
  await reader.close();
  await Promise.all(members.map((member) => member.end('SIGTERM')));
}

/** Of each topic and model. Between models of a partition the order of explanations depends on when batches were answered. */
async function outputs(stage: Stage, prefix: string): Promise<Outputs> {
  const found: Record<string, string[]> = {};
  for (const topic of TOPICS)
    for (let partition = 0; partition < PARTITIONS; partition += 1)
      for (const text of await outputsOf(stage.log, `${prefix}${topic}`, partition)) {
        const model = Buffer.from(text.slice(0, text.indexOf(' ')), 'base64').toString();
        (found[`${topic}/${model}`] ??= []).push(text);
      }
  return found;
}

function explanationOf(value: Uint8Array | null): ExplanationSampled {
  return decode(value as Uint8Array).event as ExplanationSampled;
}

/** Sends predictions without pause, in the order that every run shares. */
class Feeder {
  readonly #stage: Stage;
  readonly #prefix: string;
  #isStopped = false;
  fed = 0;

  constructor(stage: Stage, prefix: string) {
    this.#stage = stage;
    this.#prefix = prefix;
  }

  async run(): Promise<void> {
    const producer = await this.#stage.log.producer();
    while (!this.#isStopped) {
      await producer.send(predictions(this.#prefix, this.fed, this.fed + FED_AT_ONCE));
      this.fed += FED_AT_ONCE;
      await sleep(FED_EVERY_MS);
    }
    await producer.close();
  }

  stop(): void {
    this.#isStopped = true;
  }
}

function saidBy(members: readonly Member[]): string {
  return members.map(({ said }) => said).join('\n');
}
