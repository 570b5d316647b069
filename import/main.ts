/**
 * `npm run import -- compose FILE...` and `npm run import -- medstack FILE`: a stage file, a Procfile for each image that needs one,
 * and a report of what became of each key. Changes nothing anywhere else, and asks nobody. See docs/import.md.
 */
import { runImport } from "./command.ts";

const shell = Object.fromEntries(Object.entries(process.env).map(([name, value = ""]) => [name, value]));
const { code, stdout, stderr } = await runImport(process.argv.slice(2), { from: process.cwd(), shell });
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
