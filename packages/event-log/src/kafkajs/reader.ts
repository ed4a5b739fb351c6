import { LogError } from '../errors.ts';
import type { PartitionStream, Reader } from '../port.ts';
import type { Fetcher, Offsets } from './fetcher.ts';
import { FetchStream } from './stream.ts';

export function createReader(fetcher: Fetcher, offsets: Offsets): Reader {
  const mine = new Set<FetchStream>();
  let closed = false;
  return {
    open: async (tp, from): Promise<PartitionStream> => {
      if (closed) throw new LogError('CLOSED', 'this reader was closed; create another');
      const { earliest, end } = await offsets(tp);
      const start = from === 'earliest' ? earliest : from === 'latest' ? end : from;
      const askEnd = async (): Promise<bigint> => (await offsets(tp)).end;
      const stream = new FetchStream(tp, start, askEnd, fetcher.prefetched, fetcher.wake, (each) => {
        fetcher.remove(each);
        mine.delete(each);
      });
      mine.add(stream);
      fetcher.add(stream);
      return stream;
    },
    close: async () => {
      closed = true;
      for (const stream of mine) stream.close();
    },
  };
}
