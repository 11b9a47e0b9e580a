import { isIP } from 'node:net';

/** Identifies a client by its address. An IPv6 client can use a whole /64, so the network identifies it. */
export function clientAt(address: string): string {
  if (isIP(address) !== 6 || address.startsWith('::ffff:')) return address;
  const [left = [], right = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
