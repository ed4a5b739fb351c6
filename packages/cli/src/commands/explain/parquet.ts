/** Explained rows as a Parquet file: `row`, `error`, `game`, `base`, `prediction`, `output` and one `attribution_COLUMN` per column. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import type { Column, RowAnswer } from '@weir/explanation-sampler/explain-request';
import { parquetWriteFile } from 'hyparquet-writer';
import { UsageError } from '../../output.ts';

/**
 * All doubles are stored with every bit; a row that is not explained has its reason in `error`, and null elsewhere. The file appears whole or not at all.
 * @param answers in the order of the rows
 * @throws {UsageError} when the file cannot be written
 */
export function writeParquet(file: string, columns: readonly Column[], answers: readonly RowAnswer[]): void {
  const numbers = (name: string, of: (answer: Explained) => number): object => ({
    name,
    type: 'DOUBLE',
    nullable: true,
    data: answers.map((answer) => ('error' in answer ? null : of(answer))),
  });
  const texts = (name: string, of: (answer: RowAnswer) => string | null): object => ({
    name,
    type: 'STRING',
    nullable: true,
    data: answers.map(of),
  });
  const columnData = [
    { name: 'row', type: 'INT32', nullable: false, data: answers.map((_, index) => index + 1) },
    texts('error', (answer) => ('error' in answer ? answer.error : null)),
    texts('game', (answer) => ('error' in answer ? null : answer.game)),
    numbers('base', ({ base }) => base),
    numbers('prediction', ({ prediction }) => prediction),
    numbers('output', ({ output }) => output),
    ...columns.map(({ name }, at) => numbers(`attribution_${name}`, ({ attributions }) => attributions[at] as number)),
  ] as Parameters<typeof parquetWriteFile>[0]['columnData'];
  const partial = `${file}.partial`;
  try {
    parquetWriteFile({ filename: partial, columnData });
    const descriptor = openSync(partial, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new UsageError(`--parquet ${file} cannot be written (${code}); name a file in a folder that exists`);
  }
}

type Explained = Exclude<RowAnswer, { readonly error: string }>;
