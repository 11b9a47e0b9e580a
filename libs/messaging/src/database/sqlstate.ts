/** The server is read-only: a standby or a demoted primary. */
export const READ_ONLY = '25006';

/** SQLSTATEs that are not caused by the statement: it may succeed later or on another server. A dot is any character. */
const UNAVAILABLE = [
  '08...', // connection exceptions
  '25006', // read-only server
  '25P0[34]', // idle in a transaction for too long, transaction too long
  '28...', // the server refuses the role: its password is being changed
  '3D000', // the database does not exist: it is being restored
  '40001', // serialization failure
  '40003', // it is unknown whether the statement completed
  '40P01', // deadlock
  '53...', // insufficient resources: disk full, out of memory, too many connections
  '55...', // object not in the required state: locked, in use
  '57...', // operator intervention: canceled, shutting down, starting up
  '58...', // system errors: I/O
];
/** The server closes the connection after this error. */
const ENDED = [
  '25P0[34]', // idle in a transaction for too long, transaction too long
  '57P0[1-5]', // shutting down, crashed, starting up, database dropped, idle for too long
];
const REFUSED_WRITE = ['25006', '53...', '58...'];

const oneOf = (states: string[]) => new RegExp(`^(${states.join('|')})$`);
const unavailable = oneOf(UNAVAILABLE);
const ended = oneOf(ENDED);
const refusedWrite = oneOf(REFUSED_WRITE);

/** The database is temporarily unavailable. */
export const isUnavailable = (sqlState: string): boolean => unavailable.test(sqlState);

/** The database rejects writes, but may still answer reads. */
export const refusesWrites = (sqlState: string): boolean => refusedWrite.test(sqlState);

export const endsConnection = (sqlState: string): boolean => ended.test(sqlState);
