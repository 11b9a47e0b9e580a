import type { ServiceName } from '@app/contracts';
import {
  Global,
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type INestApplication,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { assertHandlersMatch } from './handled-contract.js';
import { MissedEvents } from './missed-events.js';
import { OutboxRelay } from './outbox/outbox.relay.js';
import { Outbox } from './outbox/outbox.js';
import { REQUEST_CLIENT } from './request-clients.js';
import type { Transport, TransportServer } from './transport.js';

export interface MessagingOptions {
  /** Omitted for a gateway. */
  service?: ServiceName;
  transport: Transport;
  /** The database with the service's outbox; omitted for an app without one. */
  databaseUrl?: string;
  /** The timeout of this app's requests, after which they fail with SERVICE_TIMEOUT. */
  requestTimeoutMs: number;
}

/** The client for requests to other services, and the outbox with its relay. */
@Global()
@Module({})
export class MessagingModule implements OnApplicationBootstrap, OnApplicationShutdown {
  static forRoot({ service, transport, databaseUrl, requestTimeoutMs }: MessagingOptions): DynamicModule {
    const client = {
      provide: REQUEST_CLIENT,
      useFactory: () => transport.requestClient(service ?? 'gateway', requestTimeoutMs),
    };
    if (!service || !databaseUrl)
      return { module: MessagingModule, providers: [client, MissedEvents], exports: [client, MissedEvents] };
    const relay = {
      provide: OutboxRelay,
      useFactory: () => new OutboxRelay(service, databaseUrl, transport.eventPublisher(service)),
    };
    return { module: MessagingModule, providers: [client, relay, Outbox], exports: [client, relay, Outbox] };
  }

  constructor(
    @Inject(REQUEST_CLIENT) private readonly client: ClientProxy,
    @Optional() private readonly relay?: OutboxRelay,
  ) {}

  onApplicationBootstrap() {
    this.relay?.start();
  }

  /** Nest has closed the servers by now. The events of their last handlers are in the outbox, for this relay or the next. */
  async onApplicationShutdown() {
    await this.relay?.stop();
    await this.client.close();
  }
}

/**
 * Connects an app to its messages: a service to its requests and events, a gateway (`{ broadcast: 'gateway' }`) to the events
 * that it has handlers for. `app.startAllMicroservices()` starts to receive them; closing the app stops it.
 * @throws when the handlers of a service do not match its contract.
 */
export function connectMessaging(
  app: INestApplication,
  receiver: ServiceName | { broadcast: string },
  transport: Transport,
): void {
  const connect = (strategy: TransportServer) => {
    app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    return [...strategy.getHandlers().keys()];
  };
  if (typeof receiver === 'object') {
    connect(transport.broadcastServer(receiver.broadcast, () => app.get(MissedEvents).notify()));
    return;
  }
  const requests = connect(transport.requestServer(receiver));
  const events = connect(transport.eventServer(receiver));
  assertHandlersMatch(receiver, requests, events);
}
