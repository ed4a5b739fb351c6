/** Group membership inside one process: members share the partitions evenly and keep what they have where that is even. */
import type { Assignment, Group, GroupOptions } from '../port.ts';

interface Member {
  readonly options: GroupOptions;
  partitions: readonly number[];
  /** Assignments are delivered one at a time, in order. */
  delivery: Promise<void>;
}

export class GroupCoordinator {
  readonly #members: Member[] = [];
  #generation = 0;

  join(options: GroupOptions, partitions: number, onEmpty: () => void): Group {
    const member: Member = { options, partitions: [], delivery: Promise.resolve() };
    this.#members.push(member);
    this.#rebalance(partitions);
    return {
      commitOffsets: async () => true,
      leave: async () => {
        const at = this.#members.indexOf(member);
        if (at < 0) return;
        this.#members.splice(at, 1);
        await member.delivery;
        if (this.#members.length === 0) onEmpty();
        else this.#rebalance(partitions);
      },
    };
  }

  #rebalance(partitions: number): void {
    this.#generation += 1;
    const most = Math.ceil(partitions / this.#members.length);
    const free = new Set(Array.from({ length: partitions }, (_, partition) => partition));
    for (const member of this.#members) {
      member.partitions = member.partitions.filter((partition) => free.has(partition)).slice(0, most);
      for (const partition of member.partitions) free.delete(partition);
    }
    for (const partition of free) {
      const least = this.#members.reduce((a, b) => (b.partitions.length < a.partitions.length ? b : a));
      least.partitions = [...least.partitions, partition];
    }
    const addresses = this.#addresses();
    for (const member of this.#members) {
      const assignment: Assignment = {
        partitions: [...member.partitions].sort((a, b) => a - b),
        generation: this.#generation,
        addresses,
      };
      member.delivery = member.delivery
        .then(() => member.options.onAssignment(assignment))
        .catch(() => member.options.onLost?.());
    }
  }

  #addresses(): ReadonlyMap<number, string> {
    const owned = this.#members.flatMap(({ options: { address }, partitions }) =>
      address === undefined ? [] : partitions.map((partition) => [partition, address] as const),
    );
    return new Map(owned);
  }
}
