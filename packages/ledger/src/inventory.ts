/** Every file of a bundle by what its name says it is: nothing that claims to be part of the log is left unread. */
import { CHECKPOINT, MANIFEST, parseCheckpointPath } from './bundle.ts';
import { TamperError, UnusableError } from './tampering.ts';
import { parseTilePath, type Tile } from './tiles.ts';

export interface Inventory {
  /** Sizes of the files in `checkpoints`, ascending. */
  readonly checkpoints: readonly number[];
  readonly tiles: readonly Tile[];
  /** Names that are no part of the format, ascending. */
  readonly ignored: readonly string[];
}

/** What a writer adds to a name until the file is whole. */
const UNNAMED = '.new';

/**
 * @throws TamperError when a file lies among the checkpoints or tiles and is none
 * @throws UnusableError when no file is one of a bundle
 */
export function takeInventory(names: Iterable<string>): Inventory {
  const checkpoints: number[] = [];
  const tiles: Tile[] = [];
  const ignored: string[] = [];
  let isBundle = false;
  for (const name of names) {
    const size = parseCheckpointPath(name);
    const tile = parseTilePath(name);
    if (size !== undefined) checkpoints.push(size);
    else if (tile !== undefined) tiles.push(tile);
    else if (name !== MANIFEST && name !== CHECKPOINT) {
      refuseStray(name);
      ignored.push(name);
      continue;
    }
    isBundle = true;
  }
  if (!isBundle) throw new UnusableError('there is no file of a bundle of a governance log');
  return { checkpoints: checkpoints.sort((a, b) => a - b), tiles, ignored: ignored.sort() };
}

/** What a desktop adds to any folder begins with a dot, and a file that never got its name was never shown. */
function refuseStray(name: string): void {
  if (!name.startsWith('checkpoints/') && !name.startsWith('tile/')) return;
  if (name.includes('/.')) return;
  const whole = name.endsWith(UNNAMED) ? name.slice(0, -UNNAMED.length) : '';
  if (parseCheckpointPath(whole) !== undefined || parseTilePath(whole) !== undefined) return;
  throw new TamperError({ reason: 'stray', detail: `${name} lies among the files of the log and is none of them` });
}
