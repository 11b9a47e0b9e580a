import type { Role } from '@app/contracts';
import { SetMetadata } from '@nestjs/common';

/** Who may call a resolver method; one that declares nothing is closed to everyone. */
export interface Access {
  readonly signedIn: boolean;
  /** Left out: any role. */
  readonly roles?: readonly Role[];
}

const ACCESS = 'access';

/** Anyone; who sends a valid token is known all the same. */
export const Public = () => SetMetadata(ACCESS, { signedIn: false } satisfies Access);

export const SignedIn = () => SetMetadata(ACCESS, { signedIn: true } satisfies Access);

/** Signed in, and of one of these roles. */
export const Roles = (...roles: Role[]) => SetMetadata(ACCESS, { signedIn: true, roles } satisfies Access);

export const accessOf = (method: object): Access | undefined => Reflect.getMetadata(ACCESS, method);
