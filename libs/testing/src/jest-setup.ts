import { Logger } from '@nestjs/common';
import { register } from 'prom-client';

// The spec files of a worker share their modules, so each begins with what another one may have changed.
Logger.overrideLogger(['error', 'fatal']);
register.resetMetrics();
