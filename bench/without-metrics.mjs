// Loaded before a service (`node --import`), it makes prom-client's instruments do nothing, so that it is seen what they cost.
import client from 'prom-client';

const nothing = () => {};

client.collectDefaultMetrics = nothing;
for (const { prototype } of [client.Counter, client.Gauge, client.Histogram])
  for (const method of ['inc', 'dec', 'set', 'observe']) if (method in prototype) prototype[method] = nothing;
