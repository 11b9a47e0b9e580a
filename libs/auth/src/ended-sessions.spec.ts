import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { EndedSessions } from './ended-sessions.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

it('tells those who listen, until they stop', () => {
  const endedSessions = new EndedSessions();
  const heard: string[] = [];
  const stop = endedSessions.onEnded((ids) => heard.push(...ids));
  endedSessions.add(['a', 'b']);
  stop();
  endedSessions.add(['c']);
  expect(heard).toEqual(['a', 'b']);
});

it('remembers each for two minutes from when it was last heard of, and no longer', () => {
  const endedSessions = new EndedSessions();
  endedSessions.add(['a', 'b']);
  jest.advanceTimersByTime(60_000);
  endedSessions.add(['a']);
  jest.advanceTimersByTime(61_000);
  endedSessions.add(['c']);
  expect(['a', 'b', 'c'].map((id) => endedSessions.has(id))).toEqual([true, false, true]);
});
