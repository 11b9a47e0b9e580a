// npm run build: builds all apps.
import { buildApps } from './workspace.ts';

buildApps();
