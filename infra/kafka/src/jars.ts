/** Apache Kafka's jars, fetched once by Maven and kept in the user's cache folder. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const POM = join(import.meta.dirname, '../pom.xml');
const FETCH_TIMEOUT_MS = 300_000;
const run = promisify(execFile);

export const KAFKA_VERSION: string =
  /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)</.exec(readFileSync(POM, 'utf8'))?.[1] ?? '';

/** Java's major version, or undefined when there is no Java or one older than Kafka 4 needs. */
export async function javaVersion(): Promise<number | undefined> {
  try {
    const { stderr } = await run('java', ['-version']);
    const major = Number(/version "(\d+)/.exec(stderr)?.[1]);
    return major >= 17 ? major : undefined;
  } catch {
    return undefined;
  }
}

/** Folder of the jars; the first call on a machine needs Maven and takes seconds. @throws when Maven is missing or fails. */
export async function kafkaJars(): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'weir');
  const digest = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const folder = join(cache, `kafka-${KAFKA_VERSION}-${digest}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(join(cache, 'kafka-'));
  try {
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
    const options = ['-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`];
    await run('mvn', ['-q', '-B', '-f', POM, goal, ...options], { timeout: FETCH_TIMEOUT_MS });
    // A rename is whole or not at all, so two runs at once cannot leave half a folder.
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (existsSync(folder)) return folder;
    throw new Error(
      `Apache Kafka's jars could not be fetched: ${error instanceof Error ? error.message : String(error)}. Install Maven, or name a broker in KAFKA_BROKERS`,
      { cause: error },
    );
  }
  return folder;
}
