import type { ServiceName } from '@app/contracts';
import type { ClientProxy, CustomTransportStrategy, Server } from '@nestjs/microservices';

/** A receiver: Nest registers the handlers, `listen` starts it, `close` drains the work in progress. */
export type TransportServer = Server & CustomTransportStrategy;

/** An event that a service failed to handle, with the reason. */
export interface DeadLetter {
  /** The CloudEvents id; empty if the message was not a CloudEvent. */
  id: string;
  type: string;
  reason: string;
  /** When it was dead-lettered, ISO 8601; empty if the broker did so itself. */
  time: string;
  attempts: number;
}

/** Carries messages: RabbitMQ between processes, or in process for the standalone. Handlers, errors and retries are the same. */
export interface Transport {
  /** Receives a service's requests (`order.requests`), which its instances share. */
  requestServer(service: ServiceName): TransportServer;
  /** Receives a service's events from a durable queue (`order.events`), which its instances share. */
  eventServer(service: ServiceName): TransportServer;
  /** Receives events for this process only, while it runs: each gateway gets its own. `missed` is called if events may have been lost. */
  broadcastServer(name: string, missed: () => void): TransportServer;
  /**
   * Sends requests to any service: the pattern names it (`order.place`). `send` returns the reply or fails with an AppError
   * within `timeoutMs`, and the request does not run after that. `caller` names the connection for operators.
   */
  requestClient(caller: string, timeoutMs: number): ClientProxy;
  /** `emit(type, cloudEvent)` completes once the broker has stored the event, and fails if it does not confirm in time. */
  eventPublisher(source: ServiceName): ClientProxy;
  /** The oldest dead letters of a service, at most 1000. Listing them does not remove them. */
  deadLetters(service: ServiceName): Promise<DeadLetter[]>;
  /** Redelivers all dead letters of a service, or the one with this id, as new events. @returns their number. */
  redeliver(service: ServiceName, id?: string): Promise<number>;
  /** @throws if messages cannot be sent or received now; for readiness. */
  check(): Promise<void>;
  close(): Promise<void>;
}
