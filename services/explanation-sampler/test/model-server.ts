/** A small server of a model over Open Inference Protocol v2 and MLflow's /invocations. It counts the rows that it was asked for. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export class ModelServer {
  scored = 0;
  /** Answers 503 to everything. */
  isAway = false;
  readonly #server: Server;

  /** @param model of rows with `columns` numbers */
  constructor(columns: number, model: (row: readonly number[]) => number) {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        if (this.isAway) return response.writeHead(503).end('away');
        if (request.url === '/ping') return response.end('\n');
        if (request.url === '/v2/models/m' || request.url === '/v2/models/m/versions/1')
          return response.end(JSON.stringify({ inputs: [{ name: 'rows' }] }));
        const { inputs, dataframe_split: split } = JSON.parse(body);
        const rows: number[][] =
          split?.data ??
          Array.from({ length: inputs[0].shape[0] }, (_, at) => inputs[0].data.slice(columns * at, columns * (at + 1)));
        this.scored += rows.length;
        const answer = rows.map(model);
        return response.end(
          JSON.stringify(split === undefined ? { outputs: [{ name: 'o', data: answer }] } : { predictions: answer }),
        );
      });
    });
  }

  /** Its address on loopback, ending in a slash. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
