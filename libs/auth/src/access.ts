import type { Role } from '@app/contracts';
import { SetMetadata } from '@nestjs/common';

/** Who may call a resolver method. A method without an access decorator is closed to everyone. */
export interface Access {
  readonly signedIn: boolean;
  /** Any role if undefined. */
  readonly roles?: readonly Role[];
}

const ACCESS = 'access';

/** Open to anyone. The caller is still known if the request carries a valid token; a token that is not valid is ignored. */
export const Public = () => SetMetadata(ACCESS, { signedIn: false } satisfies Access);

export const SignedIn = () => SetMetadata(ACCESS, { signedIn: true } satisfies Access);

/** For signed-in callers with one of these roles. */
export const Roles = (...roles: Role[]) => SetMetadata(ACCESS, { signedIn: true, roles } satisfies Access);

export const accessOf = (method: object): Access | undefined => Reflect.getMetadata(ACCESS, method);
