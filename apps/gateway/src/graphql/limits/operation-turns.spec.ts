import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OperationTurns } from './operation-turns.js';

let turns: OperationTurns;
beforeEach(() => {
  jest.useFakeTimers();
  turns = new OperationTurns();
});
afterEach(() => void jest.useRealTimers());

/** What has begun, by name, and how to end it. */
function operations() {
  const begun = new Map<string, () => void>();
  const refused: string[] = [];
  const start = (name: string, cost: number) =>
    void turns.take(cost).then(
      (end) => begun.set(name, end),
      ({ code }: { code: string }) => refused.push(`${name} ${code}`),
    );
  return { begun, refused, start };
}
const settled = () => jest.advanceTimersByTimeAsync(0);

describe('expensive operations', () => {
  it('run at once up to a total cost, then in order of arrival', async () => {
    const { begun, start } = operations();
    for (const name of ['a', 'b', 'c', 'd']) start(name, 3_500);
    start('small', 500);
    await settled();
    expect([...begun.keys()]).toEqual(['a', 'b']);
    begun.get('a')!();
    await settled();
    expect([...begun.keys()]).toEqual(['a', 'b', 'c']);
    begun.get('b')!();
    begun.get('c')!();
    await settled();
    expect([...begun.keys()]).toEqual(['a', 'b', 'c', 'd', 'small']);
  });

  it('run alone if they exceed the total by themselves', async () => {
    const { begun, start } = operations();
    start('largest', 350_000);
    start('next', 500);
    await settled();
    expect([...begun.keys()]).toEqual(['largest']);
    begun.get('largest')!();
    await settled();
    expect([...begun.keys()]).toEqual(['largest', 'next']);
  });

  it('do not delay cheap ones', async () => {
    const { begun, start } = operations();
    start('largest', 350_000);
    start('second', 350_000);
    start('cheap', 100);
    await settled();
    expect([...begun.keys()].toSorted()).toEqual(['cheap', 'largest']);
  });

  it('wait half a second at most for one that waits for a service', async () => {
    const { begun, start } = operations();
    for (const name of ['a', 'b', 'c']) start(name, 7_600);
    await jest.advanceTimersByTimeAsync(499);
    expect([...begun.keys()]).toEqual(['a']);
    await jest.advanceTimersByTimeAsync(1);
    expect([...begun.keys()]).toEqual(['a', 'b']);
    begun.get('a')!();
    await settled();
    expect([...begun.keys()]).toEqual(['a', 'b']);
  });

  it('are refused after five seconds', async () => {
    const { begun, refused, start } = operations();
    for (let i = 0; i < 12; i++) start(String(i), 7_600);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(begun.size).toBe(10);
    expect(refused).toEqual(['10 SERVICE_UNAVAILABLE', '11 SERVICE_UNAVAILABLE']);
  });

  it('are refused at once if a thousand wait', async () => {
    const { refused, start } = operations();
    for (let i = 0; i <= 1_001; i++) start(String(i), 350_000);
    await settled();
    expect(refused).toEqual(['1001 SERVICE_UNAVAILABLE']);
  });

  it('are refused in their turn if clients have not received earlier answers', async () => {
    let hasRoom = true;
    turns = new OperationTurns(() => hasRoom);
    const { begun, refused, start } = operations();
    for (const name of ['a', 'b', 'c']) start(name, 7_600);
    await settled();
    hasRoom = false;
    begun.get('a')!();
    await settled();
    expect(refused).toEqual(['b SERVICE_UNAVAILABLE', 'c SERVICE_UNAVAILABLE']);
  });

  it('end once', async () => {
    const { begun, start } = operations();
    start('a', 7_600);
    start('b', 7_600);
    start('c', 7_600);
    await settled();
    begun.get('a')!();
    begun.get('a')!();
    await settled();
    expect([...begun.keys()]).toEqual(['a', 'b']);
  });
});
