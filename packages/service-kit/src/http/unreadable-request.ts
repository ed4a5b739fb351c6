/** Bytes that are no HTTP request, headers that are too long, senders that are too slow: no route sees them, and the answer is a problem too. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { type ProblemCode, problemDocument, statusOf, titleOf } from './problem.ts';

const CODES: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: [
    'HEADERS_TOO_LARGE',
    'the request line and the headers are longer than 16 KiB; shorten the address',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not come whole in time; send it faster'],
};

/** Answers on the bare socket, and ends it: what follows on it cannot be understood. */
export function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  // The client has gone.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy(error);
  const [code, detail] = CODES[error.code ?? ''] ?? [
    'BAD_REQUEST',
    'the bytes are no HTTP/1.1 request; correct the client',
  ];
  const body = JSON.stringify(
    problemDocument(code, detail, { instance: '', traceId: randomBytes(16).toString('hex') }),
  );
  const head = [
    `HTTP/1.1 ${statusOf(code)} ${titleOf(code)}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
