/** The input of a request that takes none. */
export class Nothing {}
