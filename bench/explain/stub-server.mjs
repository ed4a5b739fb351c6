/** An Open Inference Protocol v2 server that costs next to nothing: it answers zeros. Prints its port, then for each GET /counts its requests and rows. */
import { createServer } from 'node:http';

let requests = 0;
let rows = 0;
const server = createServer((request, response) => {
  if (request.url === '/counts') return response.end(JSON.stringify({ requests, rows }));
  if (request.method === 'GET') return response.end(JSON.stringify({ inputs: [{ name: 'rows' }] }));
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const length = Number(request.headers['inference-header-content-length']);
    const count = JSON.parse(body.toString('utf8', 0, length)).inputs[0].shape[0];
    requests += 1;
    rows += count;
    const head = Buffer.from(
      JSON.stringify({
        outputs: [{ name: 'o', datatype: 'FP64', shape: [count], parameters: { binary_data_size: 8 * count } }],
      }),
    );
    response.setHeader('inference-header-content-length', head.length);
    response.end(Buffer.concat([head, Buffer.alloc(8 * count)]));
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
