import { hash, verify } from '@node-rs/argon2';

/** argon2id with OWASP's parameters (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const hashPassword = (password: string) => hash(password, ARGON2ID);

/** Made at the start, so that not even the first to ask waits for it. */
const ofNobody = hashPassword('the password of nobody');

/** Takes as long for a user who does not exist (no hash) as for one who does. */
export async function passwordMatches(passwordHash: string | undefined, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await ofNobody), password);
  return matches && passwordHash !== undefined;
}
