import { randomUUID } from 'node:crypto';
import { AppError, Role, type ValidToken } from '@app/contracts';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EndedSessions } from './ended-sessions.js';
import { TokenVerdicts } from './token-verdicts.js';

const validFor = (ms: number): ValidToken => ({
  userId: randomUUID(),
  role: Role.CUSTOMER,
  sessionId: randomUUID(),
  expiresAt: new Date(Date.now() + ms).toISOString(),
});

describe('the verdict of a token', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const validate = jest.fn<(token: string) => Promise<ValidToken>>();
  let endedSessions: EndedSessions;
  const start = () => {
    validate.mockReset();
    endedSessions = new EndedSessions();
    return new TokenVerdicts({ validate }, endedSessions);
  };

  it('is shared by concurrent requests and cached for five seconds', async () => {
    const verdicts = start();
    const token = validFor(60_000);
    validate.mockResolvedValue(token);
    expect(await Promise.all([verdicts.of('a'), verdicts.of('a')])).toEqual([token, token]);
    jest.advanceTimersByTime(4_999);
    await verdicts.of('a');
    expect(validate).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1);
    await verdicts.of('a');
    expect(validate).toHaveBeenCalledTimes(2);
  });

  it('is not cached beyond the expiry of the token', async () => {
    const verdicts = start();
    validate.mockResolvedValueOnce(validFor(1_000));
    validate.mockRejectedValueOnce(new AppError('UNAUTHENTICATED', 'expired'));
    await verdicts.of('a');
    jest.advanceTimersByTime(1_000);
    await expect(verdicts.of('a')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('is cached if the token is invalid, but not if the validation failed', async () => {
    const verdicts = start();
    validate.mockRejectedValueOnce(new AppError('SERVICE_UNAVAILABLE', 'unavailable'));
    await expect(verdicts.of('a')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    validate.mockRejectedValueOnce(new AppError('UNAUTHENTICATED', 'ended'));
    await expect(verdicts.of('a')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(verdicts.of('a')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(validate).toHaveBeenCalledTimes(2);
  });

  it('ends with its session', async () => {
    const verdicts = start();
    const [ended, other] = [validFor(60_000), validFor(60_000)];
    validate.mockResolvedValueOnce(ended).mockResolvedValueOnce(other);
    await verdicts.of('a');
    await verdicts.of('b');
    endedSessions.add([ended.sessionId]);
    await expect(verdicts.of('a')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await verdicts.of('b')).toEqual(other);
  });

  it('is ignored if the session ended during the validation', async () => {
    const verdicts = start();
    const token = validFor(120_000);
    let answer: (token: ValidToken) => void = () => {};
    validate.mockImplementation(() => new Promise((resolve) => (answer = resolve)));
    const asked = verdicts.of('a');
    endedSessions.add([token.sessionId]);
    jest.advanceTimersByTime(60_000);
    answer(token);
    await expect(asked).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('belongs to one token', async () => {
    const verdicts = start();
    validate.mockImplementation(async (token) => ({ ...validFor(60_000), userId: token }));
    expect((await verdicts.of('a')).userId).toBe('a');
    expect((await verdicts.of('b')).userId).toBe('b');
  });

  it('is evicted when there are too many, the least recently used first', async () => {
    const verdicts = start();
    validate.mockImplementation(async () => validFor(60_000));
    await verdicts.of('used');
    await verdicts.of('unused');
    for (let i = 0; i < 9_999; i++) {
      await verdicts.of('used');
      await verdicts.of(`token ${i}`);
    }
    validate.mockClear();
    await verdicts.of('used');
    expect(validate).not.toHaveBeenCalled();
    await verdicts.of('unused');
    expect(validate).toHaveBeenCalledTimes(1);
  });
});
