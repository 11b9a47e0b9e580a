// Preloaded into an app (`node --import`): turns prom-client's metrics off, to measure what they cost.
import client from 'prom-client';

Object.assign(client, { collectDefaultMetrics: () => {} });
// Counters and histograms take these methods from their prototype when they are created.
for (const { prototype } of [client.Counter, client.Gauge, client.Histogram])
  for (const method of ['incWithoutExemplar', 'inc', 'dec', 'set', 'observeWithoutExemplar'])
    if (method in prototype) Object.defineProperty(prototype, method, { value: () => {} });
