import { Logger } from '@nestjs/common';
// Before the CommonJS package @nestjs/throttler can require it half loaded.
import '@nestjs/core';

Logger.overrideLogger(['error', 'fatal']);
