/** Servers that actuators drive: they remember what they were asked, and answer as a test tells them. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeServer {
  readonly url: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

export async function fakeServer(answer: (asked: Asked, response: ServerResponse) => void): Promise<FakeServer> {
  const asked: Asked[] = [];
  const server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '/', headers } = request;
      const each = { method, url: new URL(url, 'http://fake'), headers, body };
      asked.push(each);
      answer(each, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The part of MLflow's registry that the alias actuator uses, with one registered model `fraud` of versions 1 and 2. */
export function fakeMlflow(): (asked: Asked, response: ServerResponse) => void {
  const tags = new Map<string, string>();
  const aliases = new Map<string, string>();
  return ({ method, url, body }, response) => {
    const path = url.pathname.replace('/api/2.0/mlflow/registered-models/', '');
    const given = body === '' ? {} : (JSON.parse(body) as Record<string, string>);
    const name = given['name'] ?? url.searchParams.get('name');
    const refuse = (status: number, code: string): void =>
      void response.writeHead(status).end(JSON.stringify({ error_code: code }));
    if (name !== 'fraud') return refuse(404, 'RESOURCE_DOES_NOT_EXIST');
    if (method === 'GET' && path === 'get') {
      const registered = {
        name,
        tags: [...tags].map(([key, value]) => ({ key, value })),
        aliases: [...aliases].map(([alias, version]) => ({ alias, version })),
      };
      response.end(JSON.stringify({ registered_model: registered }));
    } else if (method === 'POST' && path === 'alias') {
      if (!['1', '2'].includes(given['version'] ?? '')) return refuse(400, 'INVALID_PARAMETER_VALUE');
      aliases.set(given['alias'] as string, given['version'] as string);
      response.end('{}');
    } else if (method === 'POST' && path === 'set-tag') {
      tags.set(given['key'] as string, given['value'] as string);
      response.end('{}');
    } else refuse(404, 'ENDPOINT_NOT_FOUND');
  };
}
