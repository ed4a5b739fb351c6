/** One Metadata request by hand: the tests' client must not decide whether a broker serves, and a start needs no client library. */
import { connect } from 'node:net';

const METADATA = 3;
const VERSION = 1;
const ANSWER_MS = 1_000;

export interface ClusterMetadata {
  readonly controllerId: number;
  /** Of the living brokers. */
  readonly ports: readonly number[];
}

/** What the broker on loopback says of its cluster. Rejects when it does not answer within a second. */
export async function askMetadata(port: number): Promise<ClusterMetadata> {
  const socket = connect(port, '127.0.0.1');
  try {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    let answer = Buffer.alloc(0);
    socket.setTimeout(ANSWER_MS, () => reject(new Error(`no answer from 127.0.0.1:${port}`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`127.0.0.1:${port} closed the connection`)));
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0)) resolve(answer.subarray(8));
    });
    socket.write(request());
    return decode(await promise);
  } finally {
    socket.destroy();
  }
}

/** length i32 · api key i16 · version i16 · correlation id i32 · no client id i16 · no topics i32 */
function request(): Buffer {
  const bytes = Buffer.alloc(18);
  bytes.writeInt32BE(14, 0);
  bytes.writeInt16BE(METADATA, 4);
  bytes.writeInt16BE(VERSION, 6);
  bytes.writeInt16BE(-1, 12);
  return bytes;
}

/** [node id i32 · host string · port i32 · rack string] · controller id i32 · topics */
function decode(bytes: Buffer): ClusterMetadata {
  let at = 4;
  const passString = (): void => {
    at += 2 + Math.max(0, bytes.readInt16BE(at));
  };
  const ports: number[] = [];
  for (let count = bytes.readInt32BE(0); count > 0; count -= 1) {
    at += 4;
    passString();
    ports.push(bytes.readInt32BE(at));
    at += 4;
    passString();
  }
  return { controllerId: bytes.readInt32BE(at), ports };
}
