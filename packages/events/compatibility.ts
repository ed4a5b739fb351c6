/** Whether readers of one version of a schema can read what writers of another wrote. */
import avsc from 'avsc';

/** Undefined when both can read each other; else who cannot, and why. */
export function incompatibility(a: object, b: object): string | undefined {
  for (const [reader, writer, said] of [
    [a, b, 'the first cannot read the second'],
    [b, a, 'the second cannot read the first'],
  ] as const) {
    try {
      typeOf(reader).createResolver(typeOf(writer));
    } catch (error) {
      return `${said}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

/** What the bytes depend on: the schema without docs and other notes. */
export function canonical(schema: object): string {
  return JSON.stringify(typeOf(schema).schema());
}

function typeOf(schema: object): avsc.Type {
  return avsc.Type.forSchema(structuredClone(schema) as avsc.Schema);
}
