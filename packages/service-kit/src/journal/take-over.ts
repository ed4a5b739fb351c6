/** From another owner's partition to one's own, with the state of the last commit: fence, barrier, restore. See the head of `task.ts`. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Reader } from '@weir/event-log/port';
import type { JournalEntry } from '@weir/events/generated/events';
import type { AnyProcessor } from '../processor.ts';
import type { TaskEvents, TaskOptions, TaskPorts } from '../task-contract.ts';
import type { TaskTopics } from '../task-topics.ts';
import { CommitLog } from './commit-log.ts';
import { type Owner, recordedConfig } from './recorded.ts';
import { ownerNumber, type Restored, restore } from './restore.ts';

export interface TakeOverOptions {
  readonly processor: AnyProcessor;
  readonly topics: TaskTopics;
  readonly ports: TaskPorts;
  readonly task: TaskOptions;
  readonly events: TaskEvents;
  /** Called when an input has something at hand. */
  readonly notify: () => void;
  readonly isStopping: () => boolean;
}

/** What the caller closes. */
export interface TakenOver {
  readonly owner: Owner;
  readonly commits: CommitLog;
  readonly reader: Reader;
  readonly restored: Restored;
}

export async function takeOver(options: TakeOverOptions): Promise<TakenOver> {
  const { processor, topics, ports, task, events } = options;
  const owner: Owner = { build: processor.build, config: recordedConfig(task.config, task) };
  const commits = await CommitLog.open(ports.log, topics, (partitions) => events.settled?.(partitions));
  let reader: Reader | undefined;
  try {
    const nonce = randomUUID();
    await commits.write([], barrier(owner, nonce, task.now()));
    await commits.findOutputEnds();
    reader = await ports.log.reader();
    const restored = await restore({
      task: topics.task,
      journal: topics.journal,
      partition: topics.partition,
      topicPrefix: topics.prefix,
      processor,
      topics,
      reader,
      checkpoints: ports.checkpoints,
      owner,
      nonce,
      onDataLoss: task.onDataLoss,
      memory: task.stateMemory,
      notify: options.notify,
      isStopping: options.isStopping,
      onPassedOver: (reason) => events.passedOver?.(reason),
    });
    return { owner: { ...owner, number: ownerNumber(restored.epoch) }, commits, reader, restored };
  } catch (error) {
    await reader?.close();
    await commits.close();
    throw error;
  }
}

function barrier(owner: Owner, nonce: string, processingTimeMs: number): JournalEntry {
  return {
    kind: 'takeover',
    seq: 0,
    steps: [],
    startsOver: false,
    divergedSeq: null,
    outputs: 0,
    outputsDigest: null,
    stateDigest: null,
    nonce,
    owner: `${hostname()}/${process.pid}`,
    build: owner.build,
    config: owner.config,
    processingTimeMs,
  };
}
