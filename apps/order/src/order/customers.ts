import { AppError, users, type UserClient, type ShippingDetails } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Logger } from '@nestjs/common';
import { Customer } from './customer.entity.js';

export const NO_SHIPPING_DETAILS: ShippingDetails = {
  shippingAddress: '',
  pincode: '',
  city: '',
  country: '',
  phoneNumber: '',
};

/** Reads customers from the user service, or from this service's own copy while the user service does not answer. */
@Injectable()
export class Customers {
  private readonly logger = new Logger(Customers.name);

  constructor(
    private readonly em: EntityManager,
    @InjectClient(users) private readonly users: UserClient,
  ) {}

  /** @throws AppError USER_NOT_FOUND, or the error of the user service if there is no copy. */
  async get(id: string): Promise<Customer> {
    try {
      const [user] = await this.users.getMany({ ids: [id] });
      if (!user) throw new AppError('USER_NOT_FOUND', 'User not found');
      const { shippingAddress, pincode, city, country, phoneNumber } = user.profile;
      return { id, version: user.version, shipping: { shippingAddress, pincode, city, country, phoneNumber } };
    } catch (error) {
      if (!(error instanceof AppError) || !['SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT'].includes(error.code)) throw error;
      const copy = await this.em.findOne(Customer, { id });
      if (!copy) throw error;
      this.logger.warn(`The user service does not answer (${error.code}): using the copy of the customer`);
      return copy;
    }
  }
}
