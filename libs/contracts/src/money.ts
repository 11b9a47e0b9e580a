/** Money is whole cents wherever it is kept or added up; amounts with decimals exist only in payloads. */
export const toCents = (amount: number) => Math.round(amount * 100);

export const fromCents = (cents: number) => cents / 100;
