/** Gate 13: what the client of the Open Inference Protocol costs beside a server that costs nothing, and how many requests a batch of events takes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ExplainRequest } from '../../services/explanation-sampler/src/explain-request.ts';
import { explainRemote } from '../../services/explanation-sampler/src/models/remote.ts';
import { scorerOf } from '../../services/explanation-sampler/src/models/scoring.ts';
import { gate } from './verdicts.ts';

const FEATURES = 12;
const ROWS = 9_600;
const CALLS = 50;
const EVENTS = 64;

export async function inferenceClient(): Promise<void> {
  const stub: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'stub-server.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = (await once(stub.stdout as NonNullable<ChildProcess['stdout']>, 'data')) as [Buffer];
    await measure(`http://127.0.0.1:${port.toString().trim()}/`);
  } finally {
    stub.kill();
  }
}

async function measure(url: string): Promise<void> {
  const columns = Array.from({ length: FEATURES }, (_, j) => ({ name: `f${j}`, type: 'numeric' as const }));
  const access = { kind: 'oip-v2-binary', location: `${url}v2/models/m` };
  const score = await scorerOf(access, new URL(`${access.location}/`), columns);
  const rows = Array.from({ length: ROWS }, (_, at) => Array.from({ length: FEATURES }, (__, j) => at * 0.1 + j));
  for (let call = 0; call < 5; call += 1) await score(rows);
  const before = process.cpuUsage();
  for (let call = 0; call < CALLS; call += 1) await score(rows);
  const { user, system } = process.cpuUsage(before);
  const each = (user + system) / CALLS / ROWS;
  gate(
    '13',
    `client, binary tensors, CPU a row of ${FEATURES} features (bar 1.5 µs)`,
    `${each.toFixed(2)} µs`,
    each <= 1.5,
  );
  const counts = async (): Promise<{ requests: number }> =>
    (await (await fetch(`${url}counts`)).json()) as { requests: number };
  const from = await counts();
  const values = (count: number) => ({
    count,
    numeric: Float64Array.from({ length: count * FEATURES }, (_, at) => Math.sin(at)),
    categorical: Array.from({ length: count }, () => []),
  });
  const request: ExplainRequest = {
    access,
    columns,
    outputs: 1,
    hash: '',
    treeGame: 'interventional',
    remoteExplainer: 'kernel',
    backgroundId: 'b',
    background: values(100),
    rows: values(EVENTS),
    seeds: Array.from({ length: EVENTS }, (_, at) => `${at}`),
  };
  await explainRemote(request, { directory: '', maxBytes: 1, urls: [url] });
  const requests = (await counts()).requests - from.requests;
  gate('13', `requests for ${EVENTS} events (bar 3)`, `${requests}`, requests <= 3);
}
