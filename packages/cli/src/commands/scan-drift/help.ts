import { EVALUATION_DEFAULTS } from '@weir/drift/evaluation';
import { DEFAULT_ALPHA, DEFAULT_WINDOW } from './options.ts';

const { minEffect, resolveShare, readingsPerFalseAlarm } = EVALUATION_DEFAULTS;

export const HELP: string = `weir scan drift --reference REF --current CUR [--column NAME …] [--window N] [--json] [--html FILE] [--fail-on drift]

Says of each numeric column of CUR whether it has drifted from that column in REF, in two ways:

  whole file   all values of CUR against all of REF: the two-sample Kolmogorov–Smirnov distance D of the values, and Fisher's
               exact test of the share of missing ones; p-values corrected over all columns and both tests by Holm
  windows      the last N values after each row of CUR, as a drift detector with the same settings evaluates a stream: which
               rows raise an alert, since which row, and which resolve it

A column with an alert, or a whole file that is unlike REF, has the verdict "drift". Files are CSV, NDJSON (both may be
gzipped) or Parquet.

  --reference REF   the sample to compare with
  --current CUR     the rows to scan, in order
  --column NAME …   the columns to scan (default: the numeric columns that both files have; stderr names the others)
  --json            one NDJSON line on stdout for each evaluation, alert and verdict, its kind in "type"
  --html FILE       a report for a browser: one file, which loads nothing from elsewhere
  --fail-on drift   exit with 1 when a column has drifted
  --quiet           no progress on stderr

Whole file:
  --alpha P         how likely any column may be said to have drifted though none has (default ${DEFAULT_ALPHA}), for rows
                    that do not depend on each other
  --min-effect D    distance, and difference of shares, too small to matter (default ${minEffect}); holds for windows too

Windows:
  --window N        values in the window (default ${DEFAULT_WINDOW})
  --every K         rows between two evaluations that are printed with --json (default: N); the last row is one too
  --readings-per-false-alarm R
                    values per false alert, for rows that do not depend on each other (default ${readingsPerFalseAlarm})
  --resolve-share S an alert resolves after N values in a row with D below this share of what raised it (default ${resolveShare})

Cells:
  --missing TEXT …  words or numbers that stand for a missing value too: --missing absent, --missing=-999
  --decimal-comma   1.234,5 is 1234.5
  --delimiter C     between the cells of CSV, \\t for a tab (default: found from the first rows; , ; tab | or blanks)
  --no-header       the first row of CSV is data; the columns are named c1, c2, …

Missing are empty cells, null, NaN, and in a column of numbers the words ? - . NA N/A #N/A #NA <NA> nan null none \\N.
Other cells that are no numbers count as missing; stderr says how many and names the first by their rows. Columns that count
up by one and columns of times are left out unless they are named with --column, and stderr says so.
A row without a value counts as a row, a blank line does not. Numbers are float64, but whole numbers beyond 2^53 are not
rounded; infinite values are the smallest and the largest (a service counts them as missing). Parquet's dates and times are
scanned only when named, as nanoseconds since 1970.

Lines of type "evaluation" have p of a single look: over many looks small values are expected by chance.
Exit code 0 when the scan was done, whatever it found; 1 with --fail-on drift when a column has drifted; 2 when an argument
or a file is bad.

  weir scan drift --reference january.csv --current february.csv --column distance --window 5000
  weir scan drift --reference train.parquet --current today.parquet --min-effect 0.05 --html drift.html --fail-on drift
`;
