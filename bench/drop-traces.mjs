// A collector of traces (OTLP/HTTP) that reads and drops what it is sent; tells the process that started it its URL.
import { createServer } from 'node:http';

const server = createServer((request, response) => request.resume().on('end', () => response.end()));
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
process.on('disconnect', () => process.exit());
