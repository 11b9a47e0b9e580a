/** Too many updates wait for a subscriber: its socket is closed, and the client connects and reads again. */
export class SlowConsumer extends Error {
  constructor() {
    super('Too many updates are waiting for this subscriber');
  }
}
