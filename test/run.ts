/**
 * `npm test`: every test file, most in a process of its own. Files of some folders share one: of a file's processor time there, 0.2 s to 0.6 s
 * were the start of a process and the loading of what the next one loads again.
 */
import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/** For each shared process its files. Their tests run one after the other, so that there are two. */
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
];

/** In a shared process this would reach the tests of other files: hooks of a whole file, and what is the process's own. */
const NEEDS_ITS_OWN = /^(?:before|after)(?:Each)?\(|\bregisterHooks\(|\bprocess\.(?:chdir|exit)\(|\bmock\./m;

const FLAGS = ["--disable-warning=ExperimentalWarning", "--test", "--test-timeout=600000"];

/** Of the counts with which a run ends, those that are summed. */
const COUNT = /^ℹ (tests|suites|pass|fail|cancelled|skipped|todo) (\d+)$/gm;

interface Ended {
	code: number;
	output: string;
}

/** Runs files to their end; what they print is shown at once, or where it may mix with another run's, at the end. */
async function run(flags: string[], files: string[], isShownAtOnce: boolean): Promise<Ended> {
	if (files.length === 0) return { code: 0, output: "" };
	const child = spawn(process.execPath, [...FLAGS, ...flags, ...files], { stdio: ["ignore", "pipe", "inherit"] });
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

const all = globSync(["test/**/*.test.ts", "packages/*/test/**/*.test.ts"]).sort();
const shared = SHARED.map((globs) => globSync(globs).filter((file) => !NEEDS_ITS_OWN.test(readFileSync(file, "utf8"))));
const alone = all.filter((file) => !shared.flat().includes(file));
const runs = await Promise.all([
	run(["--test-concurrency=5"], alone, true),
	...shared.map((files) => run(["--test-isolation=none"], files.sort(), false)),
]);
const sums = new Map<string, number>();
for (const { output } of runs) {
	for (const [, name = "", count] of stripVTControlCharacters(output).matchAll(COUNT))
		sums.set(name, (sums.get(name) ?? 0) + Number(count));
}
process.stdout.write(`\nall ${all.length} files: ${[...sums].map(([name, count]) => `${name} ${count}`).join(", ")}\n`);
process.exitCode = runs.some(({ code }) => code !== 0) ? 1 : 0;
