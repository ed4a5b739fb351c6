/** `weir register`: a version of a model, without writing Avro by hand. */
import { TARGET_FLAGS, TARGET_HELP, withTarget } from '../../control/open-target.ts';
import { needed, noWords, parseFlags } from '../../flags.ts';
import type { Command, CommandIo } from '../../output.ts';
import { READING_FLAGS, READING_HELP, readingOf } from '../../tables/reading-flags.ts';
import { accessOf } from './access.ts';
import { featuresOf, outputsOf } from './features.ts';

const HELP = `weir register --model M --version V --features FEATURES [--outputs score,…] [--url URL | --log PATH | --kafka HOST:PORT]

Registers a version of a model: the features and outputs of its events, in their order. Events of unknown models and versions go to
the dead-letter topic, so register first.

  --model M           id of the model, the key of all its records
  --version V         the version, as events name it
  --features FEATURES a:numeric,b:categorical,c:numeric:min (the third part is a unit); or a .json file with a list of
                      {"name", "type", "unit", "protected"}; or a CSV, NDJSON or Parquet file, whose columns they are:
                      text is categorical, and columns of times are left out, which stderr names
  --outputs NAMES     score,minutes:min: what the model gives (default: nothing). Columns of a data file that are named here are no features
  --feature-set ID    as events name the feature set (default M/V)
  --access KIND:WHERE the explanation sampler explains the version, from file:loan.txt in WEIR_EXPLAIN_MODELS_DIR, or by asking
                      oip-v2:URL, oip-v2-binary:URL (like http://models:8080/v2/models/loan) or mlflow:URL (default: it does not)
${READING_HELP}${TARGET_HELP}Exit code 1 when a service does not show the version as it was sent after it has processed it.
`;

const FLAGS = {
  model: { type: 'string' },
  version: { type: 'string' },
  features: { type: 'string' },
  outputs: { type: 'string' },
  'feature-set': { type: 'string' },
  access: { type: 'string' },
  ...READING_FLAGS,
  ...TARGET_FLAGS,
} as const;

export const register: Command = { help: HELP, options: FLAGS, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir register', args, FLAGS);
  noWords('weir register', words);
  const model = needed('--model', flags.model, 'the id of the model');
  const version = needed('--version', flags.version, 'the version, as events name it');
  const outputs = outputsOf(flags.outputs);
  const access = accessOf(flags.access);
  const features = await featuresOf(
    needed('--features', flags.features, 'a:numeric,b:categorical, or a file'),
    outputs,
    readingOf(flags),
    (text) => io.err(`weir: ${text}\n`),
  );
  const id = flags['feature-set'] ?? `${model}/${version}`;
  return await withTarget(flags, 'weir register', io, async (target) => {
    const { where, doubt } = await target.register(model, version, { featureSet: { id, features }, outputs, access });
    const named = (type: string): string =>
      features.flatMap((feature) => (feature.type === type ? feature.name : [])).join(', ') || 'none';
    io.out(`${model} ${version}: ${where}\n`);
    io.out(`  feature set   ${id}\n  numeric       ${named('numeric')}\n  categorical   ${named('categorical')}\n`);
    io.out(`  outputs       ${outputs.map(({ name }) => name).join(', ') || 'none'}\n`);
    if (access !== null) io.out(`  access        ${access.kind} ${access.location.slice(0, 200)}\n`);
    if (doubt === undefined) return 0;
    io.err(`weir: ${doubt}\n`);
    return 1;
  });
}
