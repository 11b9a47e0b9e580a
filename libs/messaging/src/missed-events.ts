import { Injectable } from '@nestjs/common';

/** What a gateway hears is kept for no one: after its connection to the broker was lost, here it learns that it may have missed some. */
@Injectable()
export class MissedEvents {
  private readonly listeners: (() => void)[] = [];

  /** Calls `listener` each time that events are heard again. */
  onMissed(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Called by the transport. */
  tell(): void {
    for (const listener of this.listeners) listener();
  }
}
