/** How a process that runs a service for these tests ends: in order on SIGTERM, with its fault when it fails. */
import type { EventLog } from '@weir/event-log/port';
import { explain, type Runner } from '@weir/service-kit/runner';

export function endInOrder(runner: Runner, log: EventLog): void {
  process.once(
    'SIGTERM',
    () =>
      void runner
        .stop()
        .then(() => log.close())
        .then(() => process.exit(0)),
  );
  runner.done.catch((error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  });
}
