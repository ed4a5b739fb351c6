/** A witness as the service asks it, played by a server that answers what the test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Checkpoint, checkpointLine, signCheckpoint } from '@weir/ledger/checkpoint';
import { afterEach, expect, test } from 'vitest';
import { logSigner, ORIGIN, witnessSigner } from '../../../packages/ledger/test/scene.ts';
import { WitnessClient } from '../src/witness-client.ts';

const checkpoint: Checkpoint = { origin: ORIGIN, size: 9, root: new Uint8Array(32).fill(3) };
const note = signCheckpoint(checkpoint, [logSigner(1)], 0);
const witness = witnessSigner(21, 'w.example');
const line = checkpointLine(checkpoint, witness, 1_770_000_000);
const hash = new Uint8Array(32).fill(1);
const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

type Answer = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>];
const SIZE = { 'content-type': 'text/x.tlog.size' };

/** @returns a client, and the first lines of the requests */
async function against(...answers: Answer[]): Promise<{ readonly client: WitnessClient; readonly asked: string[] }> {
  const asked: string[] = [];
  const reply = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    asked.push(`${request.method} ${request.url} ${body.split('\n', 1)[0]}`);
    const [status, said, headers = {}] = answers[asked.length - 1] ?? [500, 'no more'];
    response.writeHead(status, headers).end(said);
  };
  const server = createServer((request, response) => void reply(request, response)).listen(0, '127.0.0.1');
  ended.push(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`;
  return { client: new WitnessClient({ label: 'W', vkey: witness.key, url }), asked };
}

const cosigned = (client: WitnessClient): Promise<string> =>
  client.cosign(note, () => [hash], AbortSignal.timeout(5_000));

test('a witness that begins is asked from 0, and later from what it saw', async () => {
  const { client, asked } = await against([200, line], [200, line]);
  expect(await cosigned(client)).toBe(line);
  expect(await cosigned(client)).toBe(line);
  expect(asked).toEqual(['POST /prefix/add-checkpoint old 0', 'POST /prefix/add-checkpoint old 9']);
});

test('one that has seen another size says so, and is asked from there', async () => {
  const { client, asked } = await against([409, '4\n', SIZE], [200, line]);
  expect(await cosigned(client)).toBe(line);
  expect(asked.map((each) => each.slice(-5))).toEqual(['old 0', 'old 4']);
});

test.each<readonly [string, readonly Answer[], boolean, RegExp]>([
  [
    'another tree of the size',
    [
      [409, '4\n', SIZE],
      [409, '4\n', SIZE],
    ],
    true,
    /has cosigned another tree of 4 entries/,
  ],
  ['a later tree', [[409, '12\n', SIZE]], true, /has cosigned 12 entries, and the log has 9/],
  ['no size in its conflict', [[409, 'x', SIZE]], true, /has cosigned x entries/],
  ['a conflict without a size', [[409, 'busy']], false, /answered 409: busy/],
  [
    'other sizes for ever',
    [
      [409, '1', SIZE],
      [409, '2', SIZE],
      [409, '3', SIZE],
    ],
    false,
    /named another size of the log 3 times/,
  ],
  ['an unknown key', [[403, 'who?']], true, /answered 403: who\?/],
  ['a proof that does not hold', [[422, 'no']], true, /answered 422/],
  ['a fault of its own', [[500, 'oh']], false, /answered 500: oh/],
  [
    'a cosignature of another',
    [[200, checkpointLine(checkpoint, witnessSigner(22, 'v.example'), 1)]],
    true,
    /no cosignature of w\.example/,
  ],
  ['a redirect', [[307, '', { location: 'http://127.0.0.1:9/' }]], false, /./],
  ['without end', [[200, line.repeat(1_000)]], false, /longer than 65536 bytes/],
])('%s is told as what it is', async (_, answers, isRefusal, message) => {
  const { client } = await against(...answers);
  await expect(cosigned(client)).rejects.toMatchObject({
    isRefusal,
    message: expect.stringMatching(message) as string,
  });
});

test('one that is not there, and one that does not answer in time', async () => {
  const gone = new WitnessClient({ label: 'W', vkey: witness.key, url: 'http://127.0.0.1:1' });
  await expect(cosigned(gone)).rejects.toMatchObject({ isRefusal: false });
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  ended.push(
    () => silent.closeAllConnections(),
    () => silent.close(),
  );
  await new Promise((resolve) => silent.once('listening', resolve));
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const client = new WitnessClient({ label: 'W', vkey: witness.key, url });
  await expect(client.cosign(note, () => [], AbortSignal.timeout(100))).rejects.toMatchObject({ isRefusal: false });
});
