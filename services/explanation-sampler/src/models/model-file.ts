/** Bytes of a model from its access: a file of the one allowed folder, or JSON that stands in the registration itself. */
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import type { ModelAccess } from '@weir/events/generated/events';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { ModelPlaces } from '../config.ts';

/** @throws {EffectRefused} where another try would not help; other errors of the file system are worth one */
export async function readModel({ kind, location }: ModelAccess, places: ModelPlaces): Promise<Buffer> {
  return kind === 'inline' ? Buffer.from(location) : await readFile(location, places);
}

async function readFile(location: string, { directory, maxBytes }: ModelPlaces): Promise<Buffer> {
  const refuse = (rule: string): EffectRefused => new EffectRefused(`model file ${JSON.stringify(location)}: ${rule}`);
  if (directory === '') throw refuse('no folder is allowed; set WEIR_EXPLAIN_MODELS_DIR');
  if (isAbsolute(location) || location.includes('\0')) throw refuse('name it relative to WEIR_EXPLAIN_MODELS_DIR');
  const folder = await realpath(directory);
  const path = await realpath(join(folder, location)).catch((error: NodeJS.ErrnoException) => {
    throw refuse(`it is not in WEIR_EXPLAIN_MODELS_DIR (${String(error.code)}); put it there`);
  });
  // After links were followed: none may lead out of the folder.
  if (!path.startsWith(folder + sep)) throw refuse('it lies outside WEIR_EXPLAIN_MODELS_DIR; put it there');
  const file = await open(path);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw refuse('it is no regular file; name one');
    if (stat.size > maxBytes)
      throw refuse(
        `it has ${stat.size} bytes, WEIR_EXPLAIN_MODEL_BYTES allows ${maxBytes}; raise it, or export fewer trees`,
      );
    return await file.readFile();
  } finally {
    await file.close();
  }
}
