import { DEFAULT_PORT, DEFAULT_TEMPORARY, UNTIL } from './options.ts';
import { SERVICES } from './services.ts';

const NAMES = SERVICES.map(({ name }) => name);
const told = (variables: readonly Readonly<Record<string, string>>[]): string =>
  variables
    .flatMap((each) => Object.entries(each))
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
const ALWAYS = told(SERVICES.map(({ demonstration }) => demonstration));
const WITH_FLIGHTS = told(SERVICES.map(({ flights }) => flights));

export const HELP: string = `weir dev [--services NAME,…] [--kafka HOST:PORT | --file PATH] [--until ${UNTIL.join('|')}] [--for SECONDS] [--inject FAULT]…

Runs Weir's services in this process, on one port, and replays three million real US flights of 2001 as predictions of two delay
models, with their outcomes. January is the reference; what the services find is printed as it comes, and the REST interface
answers what is behind it.

  --services NAME,…      which services (default: all of them: ${NAMES.join(', ')})
  --kafka HOST:PORT      events live on this Kafka (default: an embedded log, no broker)
  --prefix TEXT          with --kafka: in front of every topic, and keep them (default: ${DEFAULT_TEMPORARY}…, deleted at the end)
  --file PATH            keep the embedded log here, for weir replay (default: a temporary file, removed at the end)
  --until first-alert    stop at the first alert; exit code 1 when none comes
  --until decision       stop at the first decision of promotion; exit code 1 when none comes
  --until end            stop after the last flight (default: go on serving until Ctrl-C)
  --for SECONDS          stop after this time (default: none)
  --speed FACTOR         flights' time per wall time, like 3600 for an hour a second; 0 sends no flights, for a --file of an
                         earlier run (default: as fast as possible)
  --no-flights           for models of your own (weir register, reference, send): no flights, and the services' own defaults
                         (default: flights are sent)
  --inject FAULT         NAME:COLUMN@TIME, like unit:distance@2001-03-01; NAME is unit, stuck, nulls or shift; may be repeated
                         (default: none)
  --port PORT            port of the REST interface; 0 lets the system choose (default: WEIR_HTTP_PORT, else ${DEFAULT_PORT})

The environment variables of every service are read from the one environment; those of the services named here matter. Some have
other defaults than in a service of its own: ${ALWAYS}; and unless
--no-flights is given ${WITH_FLIGHTS}.
Ctrl-C ends it clean: the batch in hand is committed and a checkpoint written.
`;
