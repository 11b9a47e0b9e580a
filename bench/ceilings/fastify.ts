// The least that an HTTP API of Node costs: Fastify answers every POST with the same string, which it reads once.
import fastify from 'fastify';

const answer = process.env.ANSWER ?? '';
const app = fastify();
app.post('/graphql', (_request, reply) => reply.type('application/json; charset=utf-8').send(answer));
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
