/**
 * `npm test`: every test file but one, most in a process of its own. Files of some folders share one: of a file's processor time there, 0.2 s to 0.6 s
 * were the start of a process and the loading of what the next one loads again.
 */
import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** For each shared process its files. Their tests run one after the other, so that there are several. */
const SHARED = [
	["test/aptible/**/*.test.ts"],
	[
		"test/{config,docs,wire}/*.test.ts",
		"test/adopt/{adopt,file,usage}.test.ts",
		"test/azure/{baseline,object-storage,refuse-loss,stand-in-types,storage-parts,storage-refusals}.test.ts",
		"test/drift/{kinds,move,undeclared}.test.ts",
		"test/move/{arguments,close,dns-hosts,point,point-refused,report-night,watch-wanted}.test.ts",
		"test/move/plan/{checks,domain-checks,runbook}.test.ts",
	],
	[
		"packages/mover/test/{forecast,main,mask}.test.ts",
		"packages/mover/test/{objects/given,objects/pass,page/page}.test.ts",
		"packages/sandbox/test/aptible/{api,contract,databases,drains,faults,journal,semantics,transcripts,tunnel}.test.ts",
		"packages/sandbox/test/{medstack/cluster,night/clients}.test.ts",
		"test/{compliance,cost}/*.test.ts",
		"test/effects/effects.test.ts",
		"test/import/{cases,compose,medstack,output,refused,services,values}.test.ts",
		"test/move/{local-checks,progress,watch-probe}.test.ts",
		"test/move/{back/back,back/beside,night/beside,plan/dns,plan/plan,probe/probe}.test.ts",
		"test/move/{source-cluster/*,switch/objects,switch/phase-text}.test.ts",
	],
	[
		"packages/mover/test/journal/*.test.ts",
		"packages/mover/test/postgresql/{check,counters,forecast-growth,freeze,freeze-17,keepalive,messages,pins,report}.test.ts",
	],
	[
		"packages/mover/test/postgresql/{copy,copy-faults,copy-odd,large-objects,matviews,proof-resume,replica,sums}.test.ts",
		"packages/mover/test/postgresql/{verify,verify-carried,waiters}.test.ts",
	],
];

/** Of `npm run test:matrix` alone. */
const WHOLE_ALONE = "packages/sandbox/test/night/back.test.ts";

/** In a shared process this would reach the tests of other files. */
const NEEDS_ITS_OWN = /\bregisterHooks\(|\bprocess\.(?:chdir|exit)\(|\bmock\./;

const FLAGS = ["--disable-warning=ExperimentalWarning", "--test", "--test-timeout=600000"];

/** Of the counts with which a run ends, those that are summed. */
const COUNT = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo) (\d+)$/gm;

/** A file as the name of a suite that begins, or of something that has passed. */
const FILE = /^(▶|✔) (\S+\.test\.ts)(?: \(\S+\))?$/gm;

interface Ended {
	code: number;
	output: string;
}

/** Runs files to their end; what they print is shown at once, or where it may mix with another run's, at the end. */
async function run(args: string[], isShownAtOnce: boolean, env: Record<string, string> = {}): Promise<Ended> {
	const child = spawn(process.execPath, [...FLAGS, ...args], {
		stdio: ["ignore", "pipe", "inherit"],
		env: { ...process.env, ...env },
	});
	let output = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		output += text;
		if (isShownAtOnce) process.stdout.write(text);
	});
	const end = () => child.kill("SIGTERM");
	process.once("SIGTERM", end);
	const code = await new Promise<number>((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code) => resolve(code ?? 1));
	});
	process.off("SIGTERM", end);
	if (!isShownAtOnce) process.stdout.write(output);
	return { code, output };
}

const all = globSync(["test/**/*.test.ts", "packages/*/test/**/*.test.ts"], { exclude: [WHOLE_ALONE] }).sort();
const shared = SHARED.map((globs) => globSync(globs).filter((file) => !NEEDS_ITS_OWN.test(readFileSync(file, "utf8"))));
const alone = all.filter((file) => !shared.flat().includes(file));
const together = path.join(import.meta.dirname, "together.ts");
const runs = await Promise.all([
	...(alone.length > 0 ? [run(["--test-concurrency=6", ...alone], true)] : []),
	...shared
		.filter((files) => files.length > 0)
		.map((files) => run(["--test-isolation=none", together], false, { FILES: files.sort().join("\n") })),
]);
const sums = new Map<string, number>();
const untested = new Set<string>();
for (const output of runs.map((run) => stripVTControlCharacters(run.output))) {
	for (const [, name = "", count] of output.matchAll(COUNT)) sums.set(name, (sums.get(name) ?? 0) + Number(count));
	// What passes as a file, and not as a suite that had begun, is a file without a test.
	const begun = new Set<string>();
	for (const [, sign, file = ""] of output.matchAll(FILE)) {
		if (sign === "▶") begun.add(file);
		else if (!begun.has(file)) untested.add(file);
	}
}
for (const file of untested) process.stdout.write(`\nno test has run of ${file}`);
process.stdout.write(`\nall ${all.length} files: ${[...sums].map(([name, count]) => `${name} ${count}`).join(", ")}\n`);
process.exitCode = untested.size > 0 || runs.some(({ code }) => code !== 0) ? 1 : 0;
