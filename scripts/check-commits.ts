// Checks the subjects of the commits that the main branch does not contain. Usage: node scripts/check-commits.ts [MAIN]
import { execFileSync } from 'node:child_process';

const MAX_LENGTH = 72;
const TYPES = ['feat', 'fix', 'perf', 'refactor', 'test', 'docs', 'style', 'build', 'bench', 'chore', 'revert'];
const SUBJECT = new RegExp(`^(${TYPES.join('|')})(\\([a-z0-9-]+(,[a-z0-9-]+)*\\))?!?: \\S.*[^. ]$`);

const [main = 'main'] = process.argv.slice(2);
const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
const subjects = git('log', '--no-merges', '--format=%s', `${main}..HEAD`).split('\n').filter(Boolean);
const wrong = subjects.filter((subject) => subject.length > MAX_LENGTH || !SUBJECT.test(subject));

for (const subject of wrong)
  console.error(`Not "type(scope): subject" of at most ${MAX_LENGTH} characters: ${subject}`);
if (wrong.length) console.error(`Types: ${TYPES.join(', ')}`);
process.exit(wrong.length ? 1 : 0);
