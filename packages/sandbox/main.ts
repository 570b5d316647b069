import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { startClouds } from "./clouds.ts";
import { prepareSandbox, type Sandbox } from "./environment.ts";
import { forgetMove, runMove } from "./move.ts";
import { runNight } from "./night/command.ts";
import { formatOutputs } from "./outputs.ts";
import { definedVariables, run } from "./run.ts";

const STACK = "staging";
const ROOT = path.join(import.meta.dirname, "../..");
const DIR = path.resolve(process.env.SANDBOX_DIR || path.join(ROOT, ".sandbox"));
const PLACE = { root: ROOT, dir: DIR };

const HELP = `Usage: npm run sandbox [-- <command>]

The real Pulumi engine and the program as it is, against emulated clouds. State and clouds are kept in .sandbox/, or
in $SANDBOX_DIR; the engine in ~/.cache/medstack-to-aptible.

  (no command)         bring the ${STACK} stage up, and show what it is
  pulumi <arguments>   any pulumi command in the sandbox: preview --diff, up, stack output, destroy ...
  aptible <arguments>  any command of the emulated aptible: apps, db:list, services ...
  drift [options]      npm run drift, of the ${STACK} stage unless --stack names another
  adopt <options>      npm run adopt: --environment HANDLE writes a stage file for what the emulated Aptible holds
  move                 a clinic's move: a MedStack stand-in, a real PostgreSQL behind the emulated Aptible, the mover; begins anew
  move psql SIDE       psql on what a move left: source (MedStack) or target (Aptible)
  night                a whole night on real servers, while clients write and ask all the time; begins anew, four minutes at most
  night --back-from B  the same up to a boundary, frozen, trial, live-unused or live, and then back to MedStack
  reset                forget everything: the stack's state and the emulated clouds
  --help               show this

Passing options needs npm's own --, as in: npm run sandbox -- pulumi preview --diff
`;

async function main([command, ...args]: string[]): Promise<number> {
	switch (command) {
		case undefined:
			return withSandbox(bringUp);
		case "pulumi":
			return withSandbox(async (sandbox) => (await sandbox.pulumi(args, { inherit: true })).code);
		case "aptible":
			return runAptible(args);
		case "drift":
			return withSandbox((sandbox) => runScript(sandbox, "drift/main.ts", ["--stack", STACK, ...args]));
		case "adopt":
			return withSandbox((sandbox) => runScript(sandbox, "adopt/main.ts", args));
		case "move":
			return runMove(PLACE, args);
		case "night":
			return runNight(PLACE, args);
		case "reset":
			if (args.length > 0) return refuse(`reset takes no arguments, and "${args.join(" ")}" was given`);
			await forgetMove(PLACE);
			await rm(DIR, { recursive: true, force: true });
			console.log("the sandbox is empty; `npm run sandbox` fills it");
			return 0;
		case "--help":
		case "-h":
		case "help":
			console.log(HELP);
			return 0;
		default:
			return refuse(
				`unknown command "${command}"; use one of pulumi, aptible, drift, adopt, move, night, reset, --help, or none at all`,
			);
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

async function bringUp(sandbox: Sandbox): Promise<number> {
	const started = performance.now();
	const { code } = await sandbox.pulumi(["up", "--yes", "--stack", STACK], { inherit: true });
	if (code !== 0) {
		console.error(
			`\nthe ${STACK} stage is not up; what is there already stays, and \`npm run sandbox\` goes on from it`,
		);
		return code;
	}
	const seconds = ((performance.now() - started) / 1000).toFixed(1);
	const { stdout } = await sandbox.pulumi(["stack", "output", "--json", "--stack", STACK]);
	console.log(`The ${STACK} stage is up, in ${seconds} s:\n\n${formatOutputs(JSON.parse(stdout))}\n`);
	console.log(`To look further:
  npm run sandbox -- aptible apps
  npm run sandbox -- pulumi preview --diff     after a change in Pulumi.${STACK}.yaml
  npm run sandbox -- pulumi destroy
  npm run sandbox -- --help`);
	return 0;
}

/** Runs something in the sandbox with the stack there and selected, whichever the person selects later. */
async function withSandbox(use: (sandbox: Sandbox) => Promise<number>): Promise<number> {
	const sandbox = await prepareSandbox({ root: ROOT, dir: DIR });
	try {
		if (!(await hasStack())) {
			const { code, stderr } = await sandbox.pulumi(["stack", "select", "--create", STACK]);
			if (code !== 0) {
				console.error(stderr.trim());
				return code;
			}
		}
		return await use(sandbox);
	} finally {
		await sandbox.close();
	}
}

async function hasStack(): Promise<boolean> {
	const project = (await readFile(path.join(ROOT, "Pulumi.yaml"), "utf8")).match(/^name: *(\S+)/m)?.[1] ?? "";
	return existsSync(path.join(DIR, "state", ".pulumi", "stacks", project, `${STACK}.json`));
}

/** The emulated aptible needs no engine, so asking it something never waits for one. */
async function runAptible(args: string[]): Promise<number> {
	await mkdir(DIR, { recursive: true });
	const clouds = await startClouds(DIR);
	try {
		const [folder = ""] = clouds.path;
		const folders = [...clouds.path, path.dirname(process.execPath), process.env.PATH ?? ""];
		const env = { ...definedVariables(process.env), PATH: folders.join(path.delimiter), ...clouds.env };
		const { code } = await run(path.join(folder, "aptible"), args, { cwd: process.cwd(), env, inherit: true });
		return code;
	} finally {
		await clouds.close();
	}
}

try {
	process.exitCode = await main(process.argv.slice(2));
} catch (error) {
	console.error(`sandbox: ${error instanceof Error ? error.message : String(error)}`);
	process.exitCode = 1;
}
