import { DatabaseServiceConfig, loadConfig } from '@app/platform';

export class UserConfig extends DatabaseServiceConfig {
  override PORT: number = 5000;
  override DATABASE_URL: string = 'postgres://postgres@127.0.0.1:5432/bazaar_user';
}

export const readConfig = () => loadConfig(UserConfig, process.env);
