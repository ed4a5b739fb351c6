/** A promotion policy from a file. */
import { readFileSync } from 'node:fs';
import { readPolicy } from '@weir/promotion/registrations';
import { UsageError } from '../output.ts';

const MAX_BYTES = 262_144;

/**
 * @param model that it is to be set for; undefined: the one it names
 * @throws {UsageError} when the file cannot be read or is no JSON object
 */
export function readPolicyFile(file: string, model: string | undefined): ReturnType<typeof readPolicy> {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${file} cannot be read (${String((error as NodeJS.ErrnoException).code)}); correct the path or its rights`,
    );
  }
  if (text.length > MAX_BYTES)
    throw new UsageError(`${file} has ${text.length} characters; a policy has at most ${MAX_BYTES}`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new UsageError(`${file} is no JSON object; write the fields of the policy as keys`);
  const named = (document as { readonly model?: unknown }).model;
  return readPolicy(text, model ?? (typeof named === 'string' ? named : ''));
}
