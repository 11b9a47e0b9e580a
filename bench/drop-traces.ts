// A trace collector (OTLP/HTTP) that reads and drops everything. It sends its URL to its parent process.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => request.resume().on('end', () => response.end()));
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
process.on('disconnect', () => process.exit());
