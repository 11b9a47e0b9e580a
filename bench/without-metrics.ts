// Preloaded into an app (`node --import`): turns prom-client's metrics off, to measure what they cost.
import client from 'prom-client';

Object.assign(client, { collectDefaultMetrics: () => {} });
for (const { prototype } of [client.Counter, client.Gauge, client.Histogram])
  for (const method of ['inc', 'dec', 'set', 'observe'])
    if (method in prototype) Object.defineProperty(prototype, method, { value: () => {} });
