export { cloudEvent, type CloudEvent } from './cloud-event.js';
export { connectionOptions, DatabaseClient } from './database/database-client.js';
export { InProcessTransport } from './in-process/in-process.transport.js';
export { InboxMessage } from './inbox/inbox-message.entity.js';
export { OnEvent, OnRequest } from './message-handlers.js';
export { connectMessaging, MessagingModule, type MessagingOptions } from './messaging.module.js';
export { MissedEvents } from './missed-events.js';
export { MessagingMigration } from './outbox/messaging.migration.js';
export { OutboxMessage } from './outbox/outbox-message.entity.js';
export { OutboxRelay } from './outbox/outbox.relay.js';
export { Outbox, outboxRow, type OutboxRow } from './outbox/outbox.js';
export { RabbitMqTransport } from './rabbitmq/rabbitmq.transport.js';
export { clientOf, InjectClient, RequestClients } from './request-clients.js';
export {
  addToScope,
  currentScope,
  currentTraceId,
  currentTraceparent,
  describeSpan,
  failSpan,
  isKept,
  runAsSpan,
  runWithTrace,
  type Scope,
  SpanKind,
} from './trace.js';
export { Turns } from './turns.js';
export type { DeadLetter, Transport, TransportServer } from './transport.js';
