import type { ServiceName } from '@app/contracts';
import type { ClientProxy, CustomTransportStrategy, Server } from '@nestjs/microservices';

/** One end that receives: Nest hands it the handlers, `listen` starts it, `close` drains what is in flight. */
export type TransportServer = Server & CustomTransportStrategy;

/** An event that a service could not take, with why. */
export interface DeadLetter {
  /** The CloudEvents id; empty where the message was no CloudEvent. */
  id: string;
  type: string;
  reason: string;
  /** When it was given up, ISO 8601; empty where the broker gave it up by itself and does not tell. */
  time: string;
  attempts: number;
}

/** The way messages travel: RabbitMQ between processes, or in process for the standalone. Same handlers, errors and retries. */
export interface Transport {
  /** Answers a service's requests (`order.requests`); its instances share them. */
  requestServer(service: ServiceName): TransportServer;
  /** Hears the events a service has handlers for (`order.events`, durable); its instances share them. */
  eventServer(service: ServiceName): TransportServer;
  /** Hears events for this process alone and as long as it runs; for what each gateway must know. `missed` is called when some may have been missed. */
  broadcastServer(name: string, missed: () => void): TransportServer;
  /**
   * Asks any service: the pattern names it (`order.place`). `send` answers or fails with an AppError within `timeoutMs`,
   * and nothing runs after that. `caller` is what operators see the connection as.
   */
  requestClient(caller: string, timeoutMs: number): ClientProxy;
  /** `emit(type, cloudEvent)` completes once the event is safe with the broker, and fails when that is not known in time. */
  eventPublisher(source: ServiceName): ClientProxy;
  /** The oldest events that a service could not take, 1000 at most; they stay where they are. */
  deadLetters(service: ServiceName): Promise<DeadLetter[]>;
  /** Sends dead letters back to their service as if new, all or the one with this id. @returns how many. */
  redeliver(service: ServiceName, id?: string): Promise<number>;
  /** @throws when messages cannot travel now; for readiness. */
  check(): Promise<void>;
  close(): Promise<void>;
}
