import { afterEach, expect, it } from '@jest/globals';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

it.each([
  ['its port changes', '198.51.100.1:1', '198.51.100.1:2'],
  ['its port of IPv6 changes', '[2001:db8:1:1::1]:1', '[2001:db8:1:1::1]:2'],
  ['it is reported with a port or without', '198.51.100.1', '198.51.100.1:2'],
  ['the proxy reports what is not an address', 'foo1', 'foo2'],
  ['the proxy reports an ambiguous address', '198.51.100.01', '198.51.100.02'],
  ['the last entry is empty', '198.51.100.1,', '198.51.100.2,'],
  ['the last entry is not an address', '198.51.100.1, foo', '198.51.100.2, foo'],
  ['the port of an inner proxy changes', '198.51.100.1, 192.0.2.9:1', '198.51.100.1, 192.0.2.9:2'],
])('requests count for one client if %s', async (_, one, other) => {
  gateway = await GatewayUnderTest.start({}, { ADDRESS_RATE_LIMIT: 1, TRUST_PROXY: '192.0.2.0/24' });
  const statusOf = async (forwardedFor: string) => {
    const { statusCode } = await gateway.app.inject({
      method: 'POST',
      url: '/graphql',
      remoteAddress: '192.0.2.1',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': forwardedFor },
      payload: { query: '{ __typename }' },
    });
    return statusCode;
  };
  expect(await statusOf(one)).toBe(200);
  expect(await statusOf(other)).toBe(429);
  expect(await statusOf('198.51.100.3')).toBe(200);
});
