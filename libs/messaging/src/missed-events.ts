import { Injectable } from '@nestjs/common';

/** Reports that a gateway may have missed events: they are not stored for it while its connection to the broker is lost. */
@Injectable()
export class MissedEvents {
  private readonly listeners: (() => void)[] = [];

  /** Calls `listener` each time events arrive again after such a loss. */
  onMissed(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Called by the transport. */
  notify(): void {
    for (const listener of this.listeners) listener();
  }
}
