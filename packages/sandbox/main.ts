import { existsSync, readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { describeNext } from "./adopted.ts";
import { startClouds } from "./clouds.ts";
import { prepareSandbox, type Sandbox } from "./environment.ts";
import { describeFault, endWhereFull } from "./faults.ts";
import { listFurther } from "./further.ts";
import { type Part, usePart } from "./in-use.ts";
import { forgetMove, runMove } from "./move.ts";
import { runNight } from "./night/command.ts";
import { formatOutputs } from "./outputs.ts";
import { type OwnStage, prepareStage, refuseAgainst } from "./own-stage.ts";
import { Misuse, runFault, runImage, runLatency } from "./rehearse.ts";
import { definedVariables, run } from "./run.ts";

const DEFAULT_STAGE = "staging";
const ROOT = path.join(import.meta.dirname, "../..");
const DIR = path.resolve(process.env.SANDBOX_DIR || path.join(ROOT, ".sandbox"));
const PLACE = { root: ROOT, dir: DIR };

const HELP = readFileSync(path.join(import.meta.dirname, "help.txt"), "utf8");

async function main(argv: string[]): Promise<number> {
	const [first, stage, ...others] = argv;
	if (first !== "--stack") return runCommand(DEFAULT_STAGE, argv);
	if (stage === undefined || !/^[A-Za-z0-9][\w.-]*$/.test(stage)) {
		return refuse(
			`--stack takes the name of a stage, such as prod for Pulumi.prod.yaml${stage ? `; "${stage}" is none` : ""}`,
		);
	}
	if (["move", "night", "image", "fault", "latency", "reset"].includes(others[0] ?? "")) {
		return refuse(`${others[0]} is not of one stage; leave --stack ${stage} out`);
	}
	return runCommand(stage, others);
}

async function runCommand(stage: string, [command, ...args]: string[]): Promise<number> {
	switch (command) {
		case undefined:
			return withStage(stage, (sandbox, own) => bringUp(stage, sandbox, own));
		case "pulumi":
			return withStage(
				stage,
				async (sandbox, own) => (await sandbox.pulumi(own.withConfigFile(args), { inherit: true })).code,
			);
		case "aptible":
			return runAptible(args);
		case "drift":
			return withStage(stage, (sandbox, { options }) =>
				runScript(sandbox, "drift/main.ts", ["--stack", stage, ...options, ...args]),
			);
		case "adopt":
			return withStage(stage, (sandbox) => runAdopt(sandbox, args));
		case "compliance":
			return withStage(stage, (sandbox, { optionsToRead }) =>
				runScript(sandbox, "compliance/main.ts", ["--stack", stage, ...optionsToRead, ...args]),
			);
		case "cost":
			return withStage(stage, (sandbox, { optionsToRead }) => {
				refuseAgainst(optionsToRead, args);
				return runScript(sandbox, "cost/main.ts", ["--stack", stage, ...optionsToRead, ...args]);
			});
		case "comment":
			return withStage(stage, (sandbox, { options }) => {
				refuseAgainst(options, args);
				return runScript(sandbox, "comment/main.ts", ["--stack", stage, ...options, ...args]);
			});
		case "move":
			return runMove(PLACE, args);
		case "night":
			return runNight(PLACE, args);
		case "image":
			return rehearse(runImage, args);
		case "fault":
			return rehearse(runFault, args);
		case "latency":
			return rehearse(runLatency, args);
		case "reset":
			if (args.length > 0) return refuse(`reset takes no arguments, and "${args.join(" ")}" was given`);
			await reset();
			console.log("the sandbox is empty; `npm run sandbox` fills it");
			return 0;
		case "--help":
		case "-h":
		case "help":
			console.log(HELP);
			return 0;
		default:
			return refuse(
				`unknown command "${command}"; use one of pulumi, aptible, drift, adopt, compliance, cost, comment, move, night, image, fault, latency, reset, --help, or none at all`,
			);
	}
}

/** Sets something up in the emulated Aptible, which needs neither an engine nor a server. */
function rehearse(work: (folder: string, args: readonly string[]) => string, args: readonly string[]): number {
	try {
		console.log(work(path.join(DIR, "aptible"), args));
		return 0;
	} catch (error) {
		if (!(error instanceof Misuse)) throw error;
		console.error(error.message);
		return 2;
	}
}

function refuse(reason: string): number {
	console.error(`${reason}\n\n${HELP}`);
	return 2;
}

/** Runs a command of the checkout as the person would, in the sandbox. */
async function runScript({ env }: Sandbox, script: string, args: readonly string[]): Promise<number> {
	const argv = ["--disable-warning=ExperimentalWarning", path.join(ROOT, script), ...args];
	return (await run(process.execPath, argv, { cwd: ROOT, env, inherit: true })).code;
}

async function runAdopt(sandbox: Sandbox, args: readonly string[]): Promise<number> {
	const code = await runScript(sandbox, "adopt/main.ts", args);
	const next = code === 0 ? describeNext(args, ROOT) : undefined;
	if (next !== undefined) console.error(next);
	return code;
}

async function bringUp(stage: string, sandbox: Sandbox, own: OwnStage): Promise<number> {
	const started = performance.now();
	const asked = stage === DEFAULT_STAGE ? "" : ` --stack ${stage}`;
	const { code } = await sandbox.pulumi(own.withConfigFile(["up", "--yes", "--stack", stage]), { inherit: true });
	if (code !== 0) {
		console.error(
			`\nthe ${stage} stage is not up; what is there already stays, and \`npm run sandbox${asked && ` --${asked}`}\` goes on from it`,
		);
		return code;
	}
	const seconds = ((performance.now() - started) / 1000).toFixed(1);
	const { stdout } = await sandbox.pulumi(["stack", "output", "--json", "--stack", stage]);
	console.log(`The ${stage} stage is up, in ${seconds} s:\n\n${formatOutputs(JSON.parse(stdout))}\n`);
	console.log(listFurther(stage, { option: asked, state: await readFile(await stateFile(stage), "utf8") }));
	return 0;
}

async function reset(): Promise<void> {
	const releases: (() => void)[] = [];
	try {
		for (const part of ["stages", "move", "night"] satisfies Part[]) releases.push(await usePart(DIR, part));
		await forgetMove(PLACE);
		await rm(DIR, { recursive: true, force: true });
	} finally {
		for (const release of releases) release();
	}
}

/** Runs something in the sandbox with the stage's stack there and, until a person selects another, selected. */
async function withStage(stage: string, use: (sandbox: Sandbox, own: OwnStage) => Promise<number>): Promise<number> {
	const release = await usePart(DIR, "stages", { isShared: true });
	const sandbox = await prepareSandbox({ root: ROOT, dir: DIR });
	try {
		const say = (line: string) => void process.stderr.write(`${line}\n`);
		const own = await prepareStage(sandbox, { root: ROOT, stage, say });
		if (!(await hasStack(stage))) {
			const { code, stderr } = await sandbox.pulumi(["stack", "select", "--create", stage]);
			if (code !== 0) {
				console.error(stderr.trim());
				return code;
			}
		}
		// Whichever the person has selected, the stage that is asked for counts, and that of a copy, which no other one may read.
		if (stage !== DEFAULT_STAGE || own.options.length > 0) sandbox.env.PULUMI_STACK = stage;
		return await use(sandbox, own);
	} finally {
		await sandbox.close();
		release();
	}
}

async function hasStack(stage: string): Promise<boolean> {
	return existsSync(await stateFile(stage));
}

async function stateFile(stage: string): Promise<string> {
	const project = (await readFile(path.join(ROOT, "Pulumi.yaml"), "utf8")).match(/^name: *(\S+)/m)?.[1] ?? "";
	return path.join(DIR, "state", ".pulumi", "stacks", project, `${stage}.json`);
}

/** The emulated aptible needs no engine, so asking it something never waits for one. */
async function runAptible(args: string[]): Promise<number> {
	const release = await usePart(DIR, "stages", { isShared: true });
	const clouds = await startClouds(DIR);
	try {
		const [folder = ""] = clouds.path;
		const folders = [...clouds.path, path.dirname(process.execPath), process.env.PATH ?? ""];
		const env = { ...definedVariables(process.env), PATH: folders.join(path.delimiter), ...clouds.env };
		const { code } = await run(path.join(folder, "aptible"), args, { cwd: process.cwd(), env, inherit: true });
		return code;
	} finally {
		await clouds.close();
		release();
	}
}

endWhereFull(DIR);
try {
	process.exitCode = await main(process.argv.slice(2));
} catch (error) {
	console.error(`sandbox: ${describeFault(error, DIR)}`);
	process.exitCode = 1;
}
