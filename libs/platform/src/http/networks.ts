import { BlockList, isIP } from 'node:net';

/** Named networks, as in Fastify's `trustProxy`. */
export const NAMED_NETWORKS: Record<string, string[]> = {
  loopback: ['127.0.0.1/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** @param list addresses, networks and named networks, as in TRUST_PROXY. */
export function networks(list: readonly string[]): BlockList {
  const all = new BlockList();
  for (const network of list.flatMap((word) => NAMED_NETWORKS[word] ?? word)) {
    const [address = '', bits] = network.split('/');
    const [family, maxBits] = isIP(address) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
    all.addSubnet(address, Number(bits ?? maxBits), family);
  }
  return all;
}
