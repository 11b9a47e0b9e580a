/** Money is stored and added up in whole cents. Amounts with decimals exist only in payloads. */
export const toCents = (amount: number) => Math.round(amount * 100);

export const fromCents = (cents: number) => cents / 100;
