import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import { partitionFor } from '@weir/event-log/partition';
import { encode } from '@weir/events/codec';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CommandFinder, MAX_COMMANDS } from '../src/command-finder.ts';
import type { Runner } from '../src/runner.ts';
import { Submitter } from '../src/submit.ts';

const PARTITIONS = 2;

let log: EmbeddedLog;
/** Offset up to which the only service has processed, by partition. */
let processed: Map<number, bigint>;

beforeEach(async () => {
  log = createEmbeddedLog({ file: ':memory:' });
  processed = new Map();
  const admin = await log.admin();
  await admin.createTopics([{ topic: 'weir.commands', partitions: PARTITIONS, cleanup: 'delete' }]);
  await admin.close();
});
afterEach(async () => {
  await log.close();
});

/** As of a process that was just started. */
function submitter(): Submitter {
  const committedOffset: Runner['committedOffset'] = ({ partition }) => processed.get(partition);
  return new Submitter(log, 'weir.', PARTITIONS, () => [{ committedOffset } as Runner]);
}

function command(model: string, id: string): Uint8Array {
  const principal = { id: 'otto', roles: [] };
  return encode('CommandIssued', { id, model, action: 'mute', subject: {}, reason: '', principal, issuedMs: 1 });
}

test('a command is found where it was written, by the process that wrote it and by the next one', async () => {
  const first = submitter();
  const models = ['a', 'b', 'c', 'd'];
  const written = [];
  for (const model of models) written.push(await first.submit('commands', model, command(model, `id of ${model}`)));
  for (const each of [first, submitter()])
    for (const [index, model] of models.entries())
      expect(await each.findCommand(model, `id of ${model}`)).toEqual(written[index]);
  expect(new Set(written.map(({ partition }) => partition)).size).toBe(2);
  expect(await first.findCommand('a', 'id of b')).toBeUndefined();
  expect(await first.findCommand('nowhere', 'id')).toBeUndefined();
  const later = await submitter().submit('commands', 'a', command('a', 'later'));
  expect(await first.findCommand('a', 'later')).toEqual(later);
});

test('one that was sent again lies where it was first; it is processed once every service here is past it', async () => {
  const each = submitter();
  const { partition, offset } = await each.submit('commands', 'a', command('a', 'x'));
  await each.submit('commands', 'a', command('a', 'x'));
  const found = { topic: 'commands', partition, offset };
  expect(await each.findCommand('a', 'x')).toEqual({ ...found, processed: false });
  processed.set(partition, offset);
  expect(await each.findCommand('a', 'x')).toEqual({ ...found, processed: false });
  processed.set(partition, offset + 1n);
  expect(await each.findCommand('a', 'x')).toEqual({ ...found, processed: true });
});

test('what is no command is passed over', async () => {
  const each = submitter();
  await each.submit('commands', 'a', new Uint8Array([1, 2, 3]));
  const { offset } = await each.submit('commands', 'a', command('a', 'x'));
  const partition = partitionFor('a', PARTITIONS);
  const producer = await log.producer();
  await producer.send([{ topic: 'weir.commands', partition, key: Buffer.from('a'), value: null }]);
  await producer.close();
  expect((await each.findCommand('a', 'x'))?.offset).toBe(offset);
});

test('the newest are found, whether they were seen coming or are read back, and looks at once read on once', async () => {
  const partition = partitionFor('a', PARTITIONS);
  const surplus = 100;
  const following = new CommandFinder(log, 'weir.');
  const producer = await log.producer();
  for (let at = 0; at < MAX_COMMANDS + surplus; at += 1_000) {
    const size = Math.min(1_000, MAX_COMMANDS + surplus - at);
    const values = Array.from({ length: size }, (_, index) => command('a', `${at + index}`));
    await producer.send(values.map((value) => ({ topic: 'weir.commands', partition, key: Buffer.from('a'), value })));
    const newest = at + size - 1;
    const looks = [0, 1, 2].map((before) => following.offsetOf(partition, 'a', `${newest - before}`));
    expect(await Promise.all(looks)).toEqual([0n, 1n, 2n].map((before) => BigInt(newest) - before));
  }
  await producer.close();
  for (const finder of [following, new CommandFinder(log, 'weir.')]) {
    expect(await finder.offsetOf(partition, 'a', `${surplus - 1}`)).toBeUndefined();
    expect(await finder.offsetOf(partition, 'a', `${surplus}`)).toBe(BigInt(surplus));
  }
});

test('a look that failed is tried again from the beginning', async () => {
  const each = submitter();
  const written = await each.submit('commands', 'a', command('a', 'x'));
  vi.spyOn(log, 'reader').mockRejectedValueOnce(new Error('no broker answers'));
  await expect(each.findCommand('a', 'x')).rejects.toThrow('no broker answers');
  expect(await each.findCommand('a', 'x')).toEqual(written);
});

test('without the topic there is none', async () => {
  expect(await new CommandFinder(log, 'elsewhere.').offsetOf(0, 'a', 'x')).toBeUndefined();
});
