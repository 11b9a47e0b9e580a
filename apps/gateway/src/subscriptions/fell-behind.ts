/** More waits for a subscriber than is kept for one: its socket is closed, and it connects and reads again. */
export class FellBehind extends Error {
  constructor() {
    super('Too much is waiting for this subscriber');
  }
}
