import { Injectable } from '@nestjs/common';

/** Longer than a request for a validation can take and its verdict is remembered, together. */
const REMEMBERED_MS = 120_000;

type Listener = (sessionIds: readonly string[]) => void;

/**
 * The sessions whose end this process has heard of, remembered for two minutes. Whoever keeps something open for a session
 * (a connection) first listens by `onEnded`, then validates the token, which refuses what has ended already: so none is missed.
 */
@Injectable()
export class EndedSessions {
  /** When each was heard of; the oldest first. */
  private readonly heardAt = new Map<string, number>();
  private readonly listeners = new Set<Listener>();

  /** Called by the app as it hears of them (`session.ended`). */
  add(sessionIds: readonly string[]): void {
    for (const id of sessionIds) {
      this.heardAt.delete(id);
      this.heardAt.set(id, Date.now());
    }
    this.forgetOld();
    for (const listener of this.listeners) listener(sessionIds);
  }

  has(sessionId: string): boolean {
    return this.heardAt.has(sessionId);
  }

  /** Tells of every end heard of from now on. @returns what stops that. */
  onEnded(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private forgetOld(): void {
    const from = Date.now() - REMEMBERED_MS;
    for (const [id, heardAt] of this.heardAt) {
      if (heardAt > from) return;
      this.heardAt.delete(id);
    }
  }
}
