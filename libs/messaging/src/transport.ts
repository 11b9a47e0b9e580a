import type { ServiceName } from '@app/contracts';
import type { ClientProxy, CustomTransportStrategy, Server } from '@nestjs/microservices';

/** One end that receives: Nest hands it the handlers, `listen` starts it, `close` drains what is in flight. */
export type TransportServer = Server & CustomTransportStrategy;

/** The way messages travel: RabbitMQ between processes, or in process for the standalone. Same handlers, errors and retries. */
export interface Transport {
  /** Answers a service's requests (`order.requests`); its instances share them. */
  requestServer(service: ServiceName): TransportServer;
  /** Hears the events a service has handlers for (`order.events`, durable); its instances share them. */
  eventServer(service: ServiceName): TransportServer;
  /** Hears events for this process alone and as long as it runs; for what each gateway must know. */
  broadcastServer(name: string): TransportServer;
  /** `send` answers or fails with an AppError within `timeoutMs`, and nothing runs after that. */
  requestClient(service: ServiceName, timeoutMs: number): ClientProxy;
  /** `emit` completes once the event is safe with the broker. */
  eventPublisher(source: ServiceName): ClientProxy;
  /** @throws when messages cannot travel now; for readiness. */
  check(): Promise<void>;
  close(): Promise<void>;
}
