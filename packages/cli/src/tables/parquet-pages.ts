/** What the Parquet reader takes on trust. A damaged header would lead it astray without an end, and damaged data would be read as numbers. */
import { crc32 } from 'node:zlib';
import type { AsyncBuffer, PageHeader, RowGroup } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';

/** Checks the pages of the named columns: their sizes, counts and, where they carry one, their checksum. @throws {Error} saying where. */
export async function checkPages(
  file: AsyncBuffer,
  { columns, num_rows }: RowGroup,
  names: ReadonlySet<string>,
): Promise<void> {
  for (const { meta_data: column } of columns) {
    if (column === undefined || column.path_in_schema.length > 1 || !names.has(column.path_in_schema[0] as string))
      continue;
    const start = Number(column.dictionary_page_offset || column.data_page_offset);
    const bytes = new Uint8Array(await file.slice(start, start + Number(column.total_compressed_size)));
    const reader = { view: new DataView(bytes.buffer), offset: 0 };
    let left = Number(num_rows);
    while (left > 0) {
      const at = start + reader.offset;
      const header = parquetHeader(reader);
      const page = bytes.subarray(reader.offset, reader.offset + header.compressed_page_size);
      const count = countIn(header);
      if (count === undefined || page.length !== header.compressed_page_size || count > left)
        throw new Error(`the page at byte ${at} has a damaged header`);
      if (header.crc !== undefined && crc32(page) !== header.crc >>> 0)
        throw new Error(`the page at byte ${at} does not match its checksum`);
      reader.offset += page.length;
      left -= count;
    }
  }
}

/** Rows in a page, 0 in a dictionary; undefined when its numbers cannot be. */
function countIn(header: PageHeader): number | undefined {
  const { uncompressed_page_size: size, compressed_page_size: compressed } = header;
  if (!areCounts(size, compressed)) return undefined;
  if (header.dictionary_page_header !== undefined)
    return areCounts(header.dictionary_page_header.num_values) ? 0 : undefined;
  const v1 = header.data_page_header;
  if (v1 !== undefined) return areCounts(v1.num_values) ? v1.num_values : undefined;
  const v2 = header.data_page_header_v2;
  if (v2 === undefined) return undefined;
  const {
    num_values: values,
    num_nulls: nulls,
    repetition_levels_byte_length: above,
    definition_levels_byte_length: levels,
  } = v2;
  const isSound =
    areCounts(values, nulls, above, levels) && nulls <= values && above + levels <= Math.min(size, compressed);
  return isSound ? values : undefined;
}

function areCounts(...numbers: readonly unknown[]): boolean {
  return numbers.every((value) => typeof value === 'number' && value >= 0);
}
