/** Which process has a file locked, where the system tells: Linux lists locks and open files under /proc. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/** Like `process 4711 (node services/drift-detector/src/main.ts)`; `another process` where it cannot be known. */
export function lockOwner(file: string): string {
  try {
    const { ino } = statSync(file);
    const holders = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .map((line) => /(?:POSIX|OFDLCK) .* (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line))
      .filter((lock) => lock?.[2] === String(ino))
      .map((lock) => Number(lock?.[1]));
    // Inodes are numbers of one file system: the process must have this very file open.
    const pid = holders.find((each) => hasOpen(each, realpathSync(file)));
    if (pid === process.pid) return `this process (${pid})`;
    return pid === undefined ? 'another process' : `process ${pid} (${programOf(pid)})`;
  } catch {
    return 'another process';
  }
}

function hasOpen(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((each) => linkOf(`${folder}/${each}`) === file);
}

/** Undefined for one that was closed meanwhile. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** The program and its first argument that is no option: what follows may be a secret. */
function programOf(pid: number): string {
  const [program = '', ...rest] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const script = rest.find((word) => !word.startsWith('-')) ?? '';
  return `${program.split('/').at(-1)} ${script}`.trim();
}
