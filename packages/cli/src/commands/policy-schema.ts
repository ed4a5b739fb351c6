/** `weir policy schema`: what an editor needs to complete and check a promotion policy. */
import { POLICY_SCHEMA } from '@weir/promotion/policy-schema';
import { noWords, parseFlags } from '../flags.ts';
import type { Command } from '../output.ts';

const HELP = `weir policy schema

The fields of a promotion policy as JSON Schema 2020-12, on standard output: what each means, its unit, range and default. Rules between
fields are checked by weir policy lint.
`;

export const policySchema: Command = {
  help: HELP,
  options: {},
  run: async (args, io) => {
    noWords('weir policy schema', parseFlags('weir policy schema', args, {}).words);
    io.out(`${JSON.stringify(POLICY_SCHEMA, null, 2)}\n`);
    return 0;
  },
};
