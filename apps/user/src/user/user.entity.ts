import { Role, type ProfileInput, type ShippingDetails, type UserDto } from '@app/contracts';
import { Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { v7 } from 'uuid';

@Entity({ tableName: 'users' })
export class User {
  /** Time-ordered: the primary key in descending order is newest first. */
  @PrimaryKey({ type: 'uuid' }) id: string = v7();
  @Property({ length: 100 }) name: string;
  /** In its canonical form, unless an earlier release stored it as it was typed. */
  @Property({ length: 254 }) @Unique() email: string;
  /** The canonical form of an `email` that is in another form. */
  @Property({ length: 254, nullable: true, type: 'string' }) @Unique() emailKey: string | null = null;
  @Property() passwordHash: string;
  @Enum({ items: () => Role }) role: Role = Role.CUSTOMER;
  @Property({ type: 'text' }) bio = '';
  @Property({ type: 'text' }) shippingAddress = '';
  @Property({ type: 'text' }) pincode = '';
  @Property({ type: 'text' }) city = '';
  @Property({ type: 'text' }) country = '';
  @Property({ type: 'text' }) phoneNumber = '';
  /** Counts changes. Events carry it, so that consumers can ignore older ones. */
  @Property() version: number = 1;
  @Property() createdAt: Date = new Date();

  constructor(name: string, email: string, passwordHash: string) {
    this.name = name;
    this.email = email;
    this.passwordHash = passwordHash;
  }

  /** Changes the given fields; ignores undefined and null. */
  change(changes: ProfileInput) {
    const given = Object.entries(changes).filter(
      ([key, value]) => value !== undefined && value !== null && value !== this[key as keyof ProfileInput],
    );
    if (given.length === 0) return;
    Object.assign(this, Object.fromEntries(given));
    this.version++;
  }

  shippingDetails(): ShippingDetails {
    const { shippingAddress, pincode, city, country, phoneNumber } = this;
    return { shippingAddress, pincode, city, country, phoneNumber };
  }

  /** Returns whether the role has changed. */
  become(role: Role): boolean {
    if (role === this.role) return false;
    this.role = role;
    this.version++;
    return true;
  }

  toDto(): UserDto {
    const { id, name, email, role, version, bio } = this;
    return {
      id,
      name,
      email,
      role,
      version,
      profile: { bio, ...this.shippingDetails() },
      createdAt: this.createdAt.toISOString(),
    };
  }
}
