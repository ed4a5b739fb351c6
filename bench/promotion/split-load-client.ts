/**
 * The process of the clients of split-load.ts: URL, ETAG, SECONDS in, a SplitLoad as JSON out. It writes the bytes of a request and waits for the
 * empty line that ends a 304, so that a client costs less than the server that answers it.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { SplitLoad } from './split-load.ts';

const CONNECTIONS = 32;
const [, , address = '', etag = '', seconds = '1'] = process.argv;
const { hostname, host, port, pathname } = new URL(address);
const request = `GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nif-none-match: ${etag}\r\n\r\n`;

async function answer(socket: Socket): Promise<void> {
  let head = '';
  while (!head.endsWith('\r\n\r\n')) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    head += bytes.toString('latin1');
  }
  if (!head.startsWith('HTTP/1.1 304 ')) throw new Error(`the split was answered with ${head.split('\r\n', 1)[0]}`);
}

async function load(): Promise<SplitLoad> {
  const took: number[] = [];
  const start = performance.now();
  const end = start + Number(seconds) * 1_000;
  const client = async (): Promise<void> => {
    const socket = connect(Number(port), hostname).setNoDelay(true);
    await once(socket, 'connect');
    while (performance.now() < end) {
      const asked = performance.now();
      socket.write(request);
      await answer(socket);
      took.push(performance.now() - asked);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const elapsed = (performance.now() - start) / 1_000;
  took.sort((a, b) => a - b);
  const at = (share: number): number => took[Math.floor(share * took.length)] as number;
  return { answers: took.length, perSecond: took.length / elapsed, p50: at(0.5), p99: at(0.99) };
}

process.stdout.write(JSON.stringify(await load()));
