/** The input of a request without parameters. */
export class Nothing {}
