/** P11: the split over REST, from a service that is a process of its own, under clients that keep their connections. */
import { Agent, get } from 'node:http';

const CONNECTIONS = 32;

export interface SplitLoad {
  readonly answers: number;
  readonly perSecond: number;
  /** ms. */
  readonly p50: number;
  readonly p99: number;
}

/** @param url of the split; @param etag of the answer that clients have: most of theirs are renewals */
export async function loadSplit(url: string, etag: string, seconds: number): Promise<SplitLoad> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const took: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1_000;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const asked = performance.now();
      await renewed(url, etag, agent);
      took.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const elapsed = (performance.now() - start) / 1_000;
  agent.destroy();
  took.sort((a, b) => a - b);
  const at = (share: number): number => took[Math.floor(share * took.length)] as number;
  return { answers: took.length, perSecond: took.length / elapsed, p50: at(0.5), p99: at(0.99) };
}

function renewed(url: string, etag: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { 'if-none-match': etag } }, (response) => {
      response.resume();
      if (response.statusCode !== 304) reject(new Error(`the split was answered with ${response.statusCode}`));
      response.on('end', resolve);
    }).on('error', reject);
  });
}
