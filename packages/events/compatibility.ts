/** Whether readers of one version of a schema can read what writers of another wrote. */
import avsc from 'avsc';

/** Undefined when both can read each other; else who cannot, and why. */
export function incompatibility(a: object, b: object): string | undefined {
  const first = unreadable(a, b);
  if (first !== undefined) return `the first cannot read the second: ${first}`;
  const second = unreadable(b, a);
  return second === undefined ? undefined : `the second cannot read the first: ${second}`;
}

/** Why a reader with one schema cannot read what was written with the other; undefined when it can. */
export function unreadable(reader: object, writer: object): string | undefined {
  try {
    typeOf(reader).createResolver(typeOf(writer));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What the bytes depend on: the schema without docs and other notes. */
export function canonical(schema: object): string {
  return JSON.stringify(typeOf(schema).schema());
}

function typeOf(schema: object): avsc.Type {
  return avsc.Type.forSchema(structuredClone(schema) as avsc.Schema);
}
