import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { javaVersion } from '../src/jars.ts';
import { askMetadata } from '../src/metadata.ts';

const main = join(import.meta.dirname, '../src/main.ts');
const hasJava = (await javaVersion()) !== undefined;
if (!hasJava && process.env['REQUIRE_SERVICES'] === '1') throw new Error('this test needs Java 17 and Maven');
let child: ChildProcess | undefined;
afterEach(async () => {
  if (child === undefined || child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
});

test.skipIf(!hasJava)('listens where the README says, and warns of nothing (needs Java 17 and Maven)', async () => {
  child = spawn(process.execPath, [main]);
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said += String(text);
  });
  const [address] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  expect(String(address)).toBe('127.0.0.1:9092\n');
  expect((await askMetadata(9092)).ports).toEqual([9092]);
  expect(said).toMatch(/^starting Apache Kafka [\d.]+ …\n$/);
});

test('a port that is taken is named, with the cure', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { readonly port: number };
  child = spawn(process.execPath, [main, '--port', String(port)]);
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said += String(text);
  });
  const [code] = await once(child, 'exit');
  taken.close();
  expect([code, said]).toEqual([1, expect.stringContaining(`127.0.0.1:${port} is not free; stop what listens there`)]);
});
