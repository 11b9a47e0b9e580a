import { EndedSessions } from '@app/auth';
import { type SessionEnded, users } from '@app/contracts';
import { OnEvent } from '@app/messaging';
import { Controller } from '@nestjs/common';

@Controller()
export class SessionEventsController {
  constructor(private readonly endedSessions: EndedSessions) {}

  @OnEvent(users.events.sessionEnded)
  async ended({ sessionIds }: SessionEnded) {
    this.endedSessions.add(sessionIds);
  }
}
