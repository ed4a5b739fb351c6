/** P11: the split over REST, under clients that keep their connections, in a process of their own. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface SplitLoad {
  readonly answers: number;
  readonly perSecond: number;
  /** ms. */
  readonly p50: number;
  readonly p99: number;
}

export interface ServedLoad extends SplitLoad {
  /** Answers for each CPU-second of this process, which serves them. */
  readonly perCpuSecond: number;
}

/** @param url of a split that this process serves; @param etag of the answer that clients have: their requests are renewals */
export async function loadSplit(url: string, etag: string, seconds: number): Promise<ServedLoad> {
  await ask(url, etag, 1);
  const start = process.cpuUsage();
  const load = await ask(url, etag, seconds);
  const { user, system } = process.cpuUsage(start);
  return { ...load, perCpuSecond: load.answers / ((user + system) / 1e6) };
}

async function ask(url: string, etag: string, seconds: number): Promise<SplitLoad> {
  const client = new URL('split-load-client.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [client, url, etag, String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await text(child.stdout)) as SplitLoad;
}
