import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { EndedSessions } from './ended-sessions.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

it('notifies listeners until they stop', () => {
  const endedSessions = new EndedSessions();
  const notified: string[] = [];
  const stop = endedSessions.onEnded((ids) => notified.push(...ids));
  endedSessions.add(['a', 'b']);
  stop();
  endedSessions.add(['c']);
  expect(notified).toEqual(['a', 'b']);
});

it('keeps each session for two minutes after it was last announced', () => {
  const endedSessions = new EndedSessions();
  endedSessions.add(['a', 'b']);
  jest.advanceTimersByTime(60_000);
  endedSessions.add(['a']);
  jest.advanceTimersByTime(61_000);
  endedSessions.add(['c']);
  expect(['a', 'b', 'c'].map((id) => endedSessions.has(id))).toEqual([true, false, true]);
});
