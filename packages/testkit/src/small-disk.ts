/**
 * A disk of a size of its own for one program: a tmpfs in a mount namespace, which ends with the program. Root may make one, and so may
 * others where the kernel grants them user namespaces.
 */
import { spawnSync } from 'node:child_process';

const MOUNT = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"';

/** @param folder an empty one, which is the disk for the program and for no other @param size like 8m */
export function onSmallDisk(folder: string, size: string, command: readonly string[]): readonly [string, string[]] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return ['unshare', [...asRoot, '--mount', 'sh', '-c', MOUNT, 'sh', size, folder, ...command]];
}

/** Why there can be none. @throws where REQUIRE_SERVICES=1 says that a skip is a failure */
export function whyNoSmallDisk(folder: string): string | undefined {
  const { status, stderr, error } = spawnSync(...onSmallDisk(folder, '1m', ['true']), { encoding: 'utf8' });
  if (status === 0) return undefined;
  const skip = `no disk of a size of its own (${error?.message ?? stderr.trim()}): run as root, or allow user namespaces`;
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(`${skip} (REQUIRE_SERVICES=1 makes this a failure)`);
  return skip;
}
