/** The effect `witness`: the checkpoint of a size to every witness that has not cosigned it, and their lines into its file. */
import type { Trust } from '@weir/ledger/trust';
import { linesOf, readNote } from '@weir/ledger/witness';
import type { EffectHandler } from '@weir/service-kit/effects/effect';
import { trustOf } from './log-trust.ts';
import type { StoreOptions, Stores } from './store-handler.ts';
import { FolderError } from './stored-tree.ts';
import { faultOf, WitnessClient } from './witness-client.ts';
import { decodeWitnessRequest, encodeWitnessAnswer, type WitnessAnswer, type WitnessFault } from './witness-request.ts';

/** Witnesses are asked at once, each a few times at the most. */
const DEADLINE_MS = 45_000;

export function witnessHandler({ config }: Pick<StoreOptions, 'config'>, stores: Stores): EffectHandler {
  const clients = new Map<number, readonly WitnessClient[]>();
  return {
    deadlineMs: DEADLINE_MS,
    run: async ({ payload }, { signal }) => {
      const { partition, size } = decodeWitnessRequest(payload);
      let asked = clients.get(partition);
      if (asked === undefined) {
        asked = clientsOf(trustOf(config, partition));
        clients.set(partition, asked);
      }
      return encodeWitnessAnswer(await collect(asked, stores.of(partition), size, signal));
    },
  };
}

function clientsOf({ witnesses }: Trust): readonly WitnessClient[] {
  return [...witnesses.values()].flatMap(({ url, ...witness }) =>
    url === undefined ? [] : [new WitnessClient({ ...witness, url })],
  );
}

async function collect(
  clients: readonly WitnessClient[],
  store: ReturnType<Stores['of']>,
  size: number,
  signal: AbortSignal,
): Promise<WitnessAnswer> {
  const note = store.note(size);
  // Later trees were signed meanwhile, and one of them is asked for next.
  if (note === undefined) return { lines: [], faults: [] };
  const { keyIds } = readNote(note);
  const lines: string[] = [];
  const faults: WitnessFault[] = [];
  const ask = async (client: WitnessClient): Promise<void> => {
    try {
      lines.push(await client.cosign(note, (from) => store.consistency(from, size), signal));
    } catch (error) {
      // A tile that is missing is told by the next request to store.
      if (error instanceof FolderError) faults.push({ witness: client.label, said: error.message, isRefusal: false });
      else faults.push(faultOf(client.label, error));
    }
  };
  await Promise.all(clients.filter(({ key }) => !keyIds.has(key.keyId)).map(ask));
  // By key, so that the file does not depend on who answered first.
  lines.sort();
  faults.sort((a, b) => (a.witness < b.witness ? -1 : 1));
  const cosigned = await store.cosign(size, lines);
  // Also lines of a try whose answer was lost.
  return {
    lines:
      cosigned === undefined
        ? lines
        : linesOf(
            cosigned,
            clients.map(({ key }) => key),
          ),
    faults,
  };
}
