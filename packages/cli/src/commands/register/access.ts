/** Where a model can be read or asked, as people write it on a command line. */
import type { ModelAccess } from '@weir/events/generated/events';
import { READ_KINDS, REMOTE_KINDS } from '@weir/explanation-sampler/access-kinds';
import { UsageError } from '../../output.ts';
import { shown } from '../../tables/shown.ts';

/** `KIND:WHERE`, like `file:loan.txt`; null where there is none. @throws {UsageError} */
export function accessOf(text: string | undefined): ModelAccess | null {
  if (text === undefined) return null;
  const colon = text.indexOf(':');
  const [kind, location] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)];
  const kinds = [...READ_KINDS, ...REMOTE_KINDS];
  if (!kinds.includes(kind) || location === '')
    throw new UsageError(
      `--access is ${shown(text)}; it must be KIND:WHERE, like file:loan.txt or oip-v2:http://models:8080/v2/models/loan, with a kind of ${kinds.join(', ')}`,
    );
  if (REMOTE_KINDS.includes(kind) && !/^https?:\/\//.test(location))
    throw new UsageError(
      `--access is ${shown(text)}; where a model is asked must begin with http:// or https://, like ${kind}:http://models:8080/v2/models/loan`,
    );
  return { kind, location };
}
