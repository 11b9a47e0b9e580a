/** The server accepts no writes: a standby, or a primary that was demoted. */
export const READ_ONLY = '25006';

/** SQLSTATEs that say nothing about the statement: it may succeed later, or at another server. A dot is any character. */
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
const REFUSED_WRITE = ['25006', '53...', '58...'];

const oneOf = (states: string[]) => new RegExp(`^(${states.join('|')})$`);
const unavailable = oneOf(UNAVAILABLE);
const refusedWrite = oneOf(REFUSED_WRITE);

/** The database cannot do its work now. */
export const isUnavailable = (sqlState: string): boolean => unavailable.test(sqlState);

/** The database may still answer reads, but not take a write. */
export const refusesWrites = (sqlState: string): boolean => refusedWrite.test(sqlState);
