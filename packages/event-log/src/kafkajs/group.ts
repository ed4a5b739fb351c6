/**
 * Membership and nothing else: join, sync, heartbeat, leave. kafkajs's own consumer gives no callback before partitions move and works on
 * with batches of an older generation; here a generation is announced once, in order, and heartbeats do not wait for its handler.
 */
import { AssignerProtocol } from 'kafkajs';
import { LogError } from '../errors.ts';
import type { Group, GroupOptions } from '../port.ts';
import { assignPartitions } from './assigner.ts';
import type { Failures } from './errors.ts';
import type { Broker, ClusterClient } from './internals.ts';

const PROTOCOL = 'weir-co-partition';
const RETRY_MS = 200;

export interface GroupSettings {
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly failures: Failures;
}

/** Resolves after the first assignment was received. @throws {LogError} FATAL when partition counts differ or the group refuses us. */
export async function joinGroup(
  cluster: ClusterClient,
  options: GroupOptions,
  partitions: number,
  settings: GroupSettings,
): Promise<Group> {
  const member = new Member(cluster, options, partitions, settings);
  try {
    await member.start();
  } catch (error) {
    await member.leave();
    throw error;
  }
  return member;
}

class Member implements Group {
  readonly #cluster: ClusterClient;
  readonly #options: GroupOptions;
  readonly #partitions: number;
  readonly #settings: GroupSettings;
  #coordinator: Broker | undefined;
  /** Kept when a session has passed unheard: a coordinator that was away knows it still, and would wait a session for it beside a new one. */
  #memberId = '';
  #isMember = false;
  #generationId = -1;
  #generation = 0;
  #had: readonly number[] = [];
  #addresses: ReadonlyMap<number, string> = new Map();
  #left = false;
  #announcing: Promise<void> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();
  #interrupt: () => void = () => {};

  constructor(cluster: ClusterClient, options: GroupOptions, partitions: number, settings: GroupSettings) {
    this.#cluster = cluster;
    this.#options = options;
    this.#partitions = partitions;
    this.#settings = settings;
  }

  async start(): Promise<void> {
    for (let attempt = 1; !(await this.#tryJoin(attempt >= 50)); attempt += 1) await this.#sleep(RETRY_MS);
    this.#running = this.#live().catch((error: unknown) => {
      this.#lose();
      const { onFailed } = this.#options;
      if (onFailed === undefined || !(error instanceof LogError)) throw error;
      onFailed(error);
    });
  }

  async commitOffsets(positions: Parameters<Group['commitOffsets']>[0]): Promise<boolean> {
    const topics = new Map<string, { partition: number; offset: string; metadata: null }[]>();
    for (const { topic, partition, offset } of positions) {
      const list = topics.get(topic) ?? [];
      list.push({ partition, offset: String(offset), metadata: null });
      topics.set(topic, list);
    }
    try {
      await this.#coordinator?.offsetCommit({
        groupId: this.#options.groupId,
        groupGenerationId: this.#generationId,
        memberId: this.#memberId,
        topics: [...topics].map(([topic, list]) => ({ topic, partitions: list })),
      });
      return this.#coordinator !== undefined;
    } catch {
      return false;
    }
  }

  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    this.#interrupt();
    await this.#running;
    const { groupId } = this.#options;
    await this.#coordinator?.leaveGroup({ groupId, memberId: this.#memberId }).catch(() => {});
    await this.#announcing;
    await this.#cluster.disconnect().catch(() => {});
  }

  /** Heartbeats until something is wrong, then joins again; a member that cannot reach its coordinator for a session is lost. */
  async #live(): Promise<void> {
    let lastSeen = Date.now();
    while (!this.#left) {
      await this.#sleep(this.#settings.heartbeatMs);
      if (this.#left) return;
      try {
        this.#coordinator ??= await this.#cluster.findGroupCoordinator({ groupId: this.#options.groupId });
        await this.#coordinator.heartbeat({
          groupId: this.#options.groupId,
          groupGenerationId: this.#generationId,
          memberId: this.#memberId,
        });
        lastSeen = Date.now();
        continue;
      } catch (error) {
        const { type } = error as { readonly type?: string };
        if (type === 'UNKNOWN_MEMBER_ID') this.#forgetMember();
        else if (type !== 'REBALANCE_IN_PROGRESS' && type !== 'ILLEGAL_GENERATION') {
          // The coordinator moved, restarts or is out of reach: the membership holds for a session.
          await this.#forgetCoordinator();
          if (Date.now() - lastSeen < this.#settings.sessionTimeoutMs) continue;
          this.#lose();
        }
      }
      while (!this.#left && !(await this.#tryJoin(false))) await this.#sleep(RETRY_MS);
      lastSeen = Date.now();
    }
  }

  #forgetMember(): void {
    this.#memberId = '';
    this.#lose();
  }

  /** Once per membership. */
  #lose(): void {
    if (!this.#isMember) return;
    this.#isMember = false;
    this.#had = [];
    this.#options.onLost?.();
  }

  async #forgetCoordinator(): Promise<void> {
    this.#coordinator = undefined;
    await this.#cluster.connect().catch(() => {});
    await this.#cluster.refreshMetadata().catch(() => {});
  }

  /** False when it should be tried again. */
  async #tryJoin(isLastTry: boolean): Promise<boolean> {
    const { groupId, topics } = this.#options;
    try {
      await this.#cluster.connect();
      await this.#cluster.addMultipleTargetTopics(topics);
      this.#coordinator = await this.#cluster.findGroupCoordinator({ groupId });
      const joined = await this.#coordinator.joinGroup({
        groupId,
        sessionTimeout: this.#settings.sessionTimeoutMs,
        rebalanceTimeout: this.#settings.rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupProtocols: [{ name: PROTOCOL, metadata: this.#metadata() }],
      });
      this.#memberId = joined.memberId;
      this.#generationId = joined.generationId;
      const isLeader = joined.leaderId === joined.memberId;
      const { memberAssignment } = await this.#coordinator.syncGroup({
        groupId,
        generationId: joined.generationId,
        memberId: joined.memberId,
        groupAssignment: isLeader ? this.#assign(joined.members) : [],
      });
      const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
      const mine = decoded?.assignment[topics[0] as string] ?? [];
      this.#had = mine.toSorted((a, b) => a - b);
      this.#addresses = addressesOf(decoded?.userData);
      this.#isMember = true;
      this.#settings.failures.succeeded(`group ${groupId}`);
      this.#announce();
      return true;
    } catch (error) {
      const { type } = error as { readonly type?: string };
      if (type === 'UNKNOWN_MEMBER_ID') this.#forgetMember();
      else if (type !== 'REBALANCE_IN_PROGRESS' && type !== 'ILLEGAL_GENERATION') await this.#forgetCoordinator();
      const failure = this.#settings.failures.of(`group ${groupId}`, error, `joining group ${groupId}`);
      if (type === 'INCONSISTENT_GROUP_PROTOCOL')
        throw new LogError(
          'FATAL',
          `group ${groupId} is in use by another kind of consumer; give Weir a name of its own`,
        );
      if (isLastTry || failure.code === 'FATAL') throw failure;
      return false;
    }
  }

  #announce(): void {
    this.#generation = Math.max(this.#generation + 1, this.#generationId);
    const assignment = { partitions: this.#had, generation: this.#generation, addresses: this.#addresses };
    this.#announcing = this.#announcing.then(() =>
      this.#left ? undefined : this.#options.onAssignment(assignment).catch(() => this.#options.onLost?.()),
    );
  }

  #metadata(): Buffer {
    const { address } = this.#options;
    const userData = Buffer.from(JSON.stringify({ had: this.#had, address } satisfies MemberData));
    return AssignerProtocol.MemberMetadata.encode({ version: 0, topics: [...this.#options.topics], userData });
  }

  #assign(members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]) {
    const shares = assignPartitions(
      members.map(({ memberId, memberMetadata }) => ({ id: memberId, had: dataOf(memberMetadata).had })),
      this.#partitions,
    );
    // The leader alone sees what every member sent: it tells all of them who answers for which partition.
    const addresses = members.flatMap(({ memberId, memberMetadata }) => {
      const { address } = dataOf(memberMetadata);
      return address === undefined ? [] : [[address, [...(shares.get(memberId) ?? [])]] as const];
    });
    const userData = Buffer.from(JSON.stringify({ addresses } satisfies AssignmentData));
    return [...shares].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 0,
        assignment: Object.fromEntries(this.#options.topics.map((topic) => [topic, [...partitions]])),
        userData,
      }),
    }));
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#left) this.#interrupt();
    });
  }
}

/** JSON that a member sends to the leader of the group. */
interface MemberData {
  /** Partitions that it had: they stay where they are as far as the shares allow. */
  readonly had: readonly number[];
  readonly address: string | undefined;
}

/** JSON that the leader sends to each member. */
interface AssignmentData {
  /** Partitions of each address. */
  readonly addresses: readonly (readonly [address: string, partitions: readonly number[]])[];
}

/** Members of other versions may send less. */
function dataOf(memberMetadata: Buffer): MemberData {
  const { had, address } = jsonOf<MemberData>(() => AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData);
  return {
    had: Array.isArray(had) ? had.filter((each): each is number => Number.isInteger(each)) : [],
    address: typeof address === 'string' ? address : undefined,
  };
}

function addressesOf(userData: Buffer | undefined): ReadonlyMap<number, string> {
  const { addresses = [] } = jsonOf<AssignmentData>(() => userData);
  return new Map(addresses.flatMap(([address, partitions]) => partitions.map((partition) => [partition, address])));
}

function jsonOf<Data>(bytes: () => Buffer | undefined): Partial<Data> {
  try {
    const parsed: unknown = JSON.parse(String(bytes()));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Partial<Data>) : {};
  } catch {
    return {};
  }
}
