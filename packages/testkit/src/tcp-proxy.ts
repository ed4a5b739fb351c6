/** A TCP proxy on loopback, put before a server by tests that lose what a network loses. */
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  /** `127.0.0.1:PORT`, where clients connect. */
  readonly address: string;
  /** Bytes from the server that were passed on so far. */
  readonly answeredBytes: number;
  /** `drop`: the server gets and does what it is asked, and its answers are lost. */
  answers: 'pass' | 'drop';
  /** False: a connection that comes now is closed at once. */
  accepts: boolean;
  /** Passes so many more bytes of answers, then cuts the connection that they went over: an answer ends in its middle. */
  cutAfter(answerBytes: number): void;
  /** Connections of now stay open and lead nowhere any more, as after a firewall has forgotten them; new ones work. */
  freeze(): void;
  /** Ends every connection. */
  cut(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  isFrozen: boolean;
}

/**
 * @param target `host:port` of the server
 * @param onRequest told of each request of Kafka's protocol by its API key, when its first bytes were passed on
 */
export async function startTcpProxy(target: string, onRequest?: (apiKey: number) => void): Promise<TcpProxy> {
  const { hostname, port } = new URL(`tcp://${target}`);
  const pairs = new Set<Pair>();
  let answeredBytes = 0;
  let cutAt = Number.POSITIVE_INFINITY;

  const end = (pair: Pair): void => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  };
  const answer = (pair: Pair, bytes: Buffer): void => {
    if (pair.isFrozen || proxy.answers === 'drop') return;
    const passed = bytes.subarray(0, cutAt - answeredBytes);
    answeredBytes += passed.length;
    if (answeredBytes < cutAt) {
      // Backpressure: what the client does not take must not pile up here.
      if (!pair.client.write(passed)) {
        pair.server.pause();
        pair.client.once('drain', () => pair.server.resume());
      }
      return;
    }
    cutAt = Number.POSITIVE_INFINITY;
    pairs.delete(pair);
    pair.server.destroy();
    pair.client.end(passed);
  };

  const listener = createServer((client) => {
    if (!proxy.accepts) return void client.destroy();
    const pair: Pair = { client, server: connect(Number(port), hostname), isFrozen: false };
    pairs.add(pair);
    const requests = new RequestHeads(onRequest);
    client.on('data', (bytes) => {
      if (pair.isFrozen) return;
      pair.server.write(bytes);
      requests.pass(bytes);
    });
    pair.server.on('data', (bytes) => answer(pair, bytes));
    for (const socket of [client, pair.server]) {
      socket.setNoDelay();
      socket.on('error', () => {});
      socket.on('close', () => end(pair));
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  const proxy: TcpProxy = {
    address: `127.0.0.1:${(listener.address() as { readonly port: number }).port}`,
    get answeredBytes() {
      return answeredBytes;
    },
    answers: 'pass',
    accepts: true,
    cutAfter: (answerBytes) => {
      cutAt = answeredBytes + answerBytes;
    },
    freeze: () => {
      for (const pair of pairs) pair.isFrozen = true;
    },
    cut: () => {
      for (const pair of pairs) end(pair);
    },
    close: async () => {
      proxy.cut();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  return proxy;
}

/** Finds the requests in what a client sends: a length of four bytes, then an API key of two. */
class RequestHeads {
  readonly #onRequest: ((apiKey: number) => void) | undefined;
  readonly #head: number[] = [];
  /** Bytes of the request that are still to come. */
  #rest = 0;

  constructor(onRequest: ((apiKey: number) => void) | undefined) {
    this.#onRequest = onRequest;
  }

  pass(bytes: Buffer): void {
    if (this.#onRequest === undefined) return;
    for (let at = 0; at < bytes.length; ) {
      const skipped = Math.min(this.#rest, bytes.length - at);
      this.#rest -= skipped;
      at += skipped;
      while (this.#rest === 0 && at < bytes.length && this.#head.length < 6) {
        this.#head.push(bytes[at] as number);
        at += 1;
      }
      if (this.#head.length < 6) continue;
      const head = Buffer.from(this.#head.splice(0));
      this.#rest = head.readInt32BE(0) - 2;
      this.#onRequest(head.readInt16BE(4));
    }
  }
}
