/** Makes the key file of a deployment: `node services/governance-log/src/init-key.ts FILE [ORIGIN]`. */
import { formatVkey } from '@weir/ledger/keys';
import { makeKeyFile, readCheckpointKeys } from './checkpoint-keys.ts';

const [file, origin = 'weir/governance/0', ...rest] = process.argv.slice(2);
if (file === undefined || file.startsWith('-') || rest.length > 0) {
  process.stderr.write(
    'init-key FILE [ORIGIN] makes a new key file for checkpoints, readable by its owner only, and prints the lines that a trust file needs;\n' +
      'ORIGIN is <deployment>/governance/<partition>, weir/governance/0 unless given\n',
  );
  process.exit(file === '--help' ? 0 : 2);
}
try {
  makeKeyFile(file);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'EEXIST' ? 'is there already; a key is never overwritten, name another file' : message;
  process.stderr.write(`init-key: ${file} ${why}\n`);
  process.exit(2);
}
for (const { key } of readCheckpointKeys(file).signersFor(origin)) process.stdout.write(`log ${formatVkey(key)}\n`);
