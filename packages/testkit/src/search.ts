/** Looks for a server in the ways a machine may have one. WEIR_TEST_SERVICES=address|local|docker allows only that way. */

export type Found<Server> = Server | { readonly skip: string };

export interface Way<Server> {
  readonly way: 'address' | 'local' | 'docker';
  /** What a person would do to make this way work. */
  readonly cure: string;
  /** Undefined when the machine does not have it. @throws when it should work and does not. */
  readonly open: () => Promise<Server | undefined>;
}

/** The first way that works; else why not, which is a failure where REQUIRE_SERVICES=1 says that a skip is none. */
export async function search<Server>(name: string, ways: readonly Way<Server>[]): Promise<Found<Server>> {
  const only = process.env['WEIR_TEST_SERVICES'];
  const allowed = ways.filter(({ way }) => only === undefined || only === '' || way === only);
  for (const { open } of allowed) {
    const server = await open();
    if (server !== undefined) return server;
  }
  const skip = `no ${name} on this machine: ${allowed.map(({ cure }) => cure).join(', or ')}`;
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(`${skip} (REQUIRE_SERVICES=1 makes this a failure)`);
  return { skip };
}
