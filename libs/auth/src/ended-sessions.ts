import { Injectable } from '@nestjs/common';

/** Longer than a validation and the lifetime of its cached result together. */
const RETENTION_MS = 120_000;

type Listener = (sessionIds: readonly string[]) => void;

/**
 * The sessions that have ended, as far as this process knows, kept for two minutes. To keep something open for a session, such
 * as a connection, first register by `onEnded` and then validate the token, which rejects ended sessions: so no end is missed.
 */
@Injectable()
export class EndedSessions {
  /** When each end was announced; oldest first. */
  private readonly announcedAt = new Map<string, number>();
  private readonly listeners = new Set<Listener>();

  /** The app calls this for each `session.ended` event. */
  add(sessionIds: readonly string[]): void {
    for (const id of sessionIds) {
      this.announcedAt.delete(id);
      this.announcedAt.set(id, Date.now());
    }
    this.forgetOld();
    for (const listener of this.listeners) listener(sessionIds);
  }

  has(sessionId: string): boolean {
    return this.announcedAt.has(sessionId);
  }

  /** Calls the listener for every end from now on. @returns the function that removes the listener. */
  onEnded(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private forgetOld(): void {
    const from = Date.now() - RETENTION_MS;
    for (const [id, announcedAt] of this.announcedAt) {
      if (announcedAt > from) return;
      this.announcedAt.delete(id);
    }
  }
}
