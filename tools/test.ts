/**
 * `npm test`: every project, or those named: `npm test -- unit servers`. Other arguments go to Vitest.
 * Suites that need Kafka, Redis or Docker look for them through @weir/testkit and skip with a printed reason when there is none;
 * REQUIRE_SERVICES=1 turns such a skip into a failure.
 */
import { spawnSync } from 'node:child_process';

const projects = ['unit', 'statistical', 'servers', 'e2e'];
const named = process.argv.slice(2).filter((argument) => projects.includes(argument));
const rest = process.argv.slice(2).filter((argument) => !projects.includes(argument));
const result = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...named.flatMap((name) => ['--project', name]), ...rest],
  { stdio: 'inherit' },
);
process.exit(result.status ?? 1);
