/**
 * `npm run bench`: wall time, CPU time and peak memory of `pulumi preview` on the Aptible side of the staging stage, beside a bare program
 * that registers as many plain Commands (no config, no zod, no components) and an empty program. All on the same engine, taking
 * turns, medians. What Azure adds is measured in bench/azure-startup.ts; what the look for drift adds depends on Aptible and is
 * off here.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { prepareSandbox, type Sandbox } from "@medstack-to-aptible/sandbox/environment.ts";
import { parse, stringify } from "yaml";
import { measure, type Sample } from "./measure.ts";
import { inTurns, median } from "./turns.ts";

const root = join(import.meta.dirname, "..");
const rounds = Number(process.argv[2] ?? 7);
const withoutDrift = { MEDSTACK_TO_APTIBLE_DRIFT: "off" };

interface Program {
	name: string;
	folder: string;
	stack: string;
	configFile?: string;
}

await mkdir(join(root, ".sandbox"), { recursive: true });
// Inside the checkout, so that the bare programs find the same node_modules.
const dir = await mkdtemp(join(root, ".sandbox/bench-"));
const sandbox = await prepareSandbox({ root, dir });
try {
	const staging = { name: "staging, no Azure", folder: root, stack: "staging", configFile: await stageWithoutAzure() };
	await sandbox.pulumi(["stack", "init", staging.stack]);
	const commands = await countCommands(sandbox, staging);
	const programs = [staging, await bareProgram(`bare, ${commands} Commands`, commands), await bareProgram("empty", 0)];
	const samples = await inTurns(programs, rounds, (program) => preview(sandbox, program));
	console.log(`pulumi preview from a clean state, medians of ${rounds} runs each, taking turns\n`);
	console.log("program                 wall     of bare   CPU      of bare   peak memory   of bare");
	const [bare] = [...samples].filter(([{ name }]) => name.startsWith("bare")).map(([, list]) => medians(list));
	for (const [{ name }, list] of samples) {
		const { seconds, cpuSeconds, megabytes } = medians(list);
		const of = (value: number, peer = 1) => `${(value / peer).toFixed(2)}x`;
		console.log(
			`${name.padEnd(22)} ${seconds.toFixed(2)} s   ${of(seconds, bare?.seconds).padEnd(8)} ` +
				`${cpuSeconds.toFixed(2)} s   ${of(cpuSeconds, bare?.cpuSeconds).padEnd(8)} ` +
				`${String(Math.round(megabytes)).padStart(5)} MB      ${of(megabytes, bare?.megabytes)}`,
		);
	}
} finally {
	await sandbox.close();
	await rm(dir, { recursive: true, force: true });
}

async function stageWithoutAzure(): Promise<string> {
	const stage = parse(await readFile(join(root, "Pulumi.staging.yaml"), "utf8"));
	delete stage.config["medstack-to-aptible:storage"];
	const { config } = stage.config["medstack-to-aptible:apps"].portal;
	for (const key of Object.keys(config)) if (key.startsWith("AZURE_")) delete config[key];
	const file = join(dir, "Pulumi.staging.yaml");
	await writeFile(file, stringify(stage));
	return file;
}

function previewArguments({ stack, configFile }: Program): string[] {
	return ["preview", "--stack", stack, ...(configFile === undefined ? [] : ["--config-file", configFile])];
}

async function countCommands({ pulumi }: Sandbox, program: Program): Promise<number> {
	const { stdout } = await pulumi([...previewArguments(program), "--json"], { env: withoutDrift });
	const { steps } = JSON.parse(stdout) as { steps: { newState?: { type: string } }[] };
	return steps.filter(({ newState }) => newState?.type === "command:local:Command").length;
}

async function bareProgram(name: string, commands: number): Promise<Program> {
	const stack = `bench-${commands}`;
	const folder = join(dir, stack);
	await mkdir(folder);
	const runtime = "runtime: { name: nodejs, options: { typescript: false } }";
	await writeFile(join(folder, "Pulumi.yaml"), `name: ${stack}\nmain: index.ts\n${runtime}\n`);
	await writeFile(join(folder, "package.json"), '{ "type": "module", "main": "index.ts" }');
	const spec = JSON.stringify({ environment: "acme-staging", handle: "main", type: "postgresql", version: "16" });
	const program =
		commands === 0
			? 'import "@pulumi/pulumi";\n'
			: `import { local } from "@pulumi/command";
for (let n = 0; n < ${commands}; n += 1) {
	new local.Command(\`command-\${n}\`, { interpreter: ["node"], create: "apply", delete: "remove", stdin: ${JSON.stringify(spec)} });
}
`;
	await writeFile(join(folder, "index.ts"), program);
	await sandbox.pulumi(["stack", "init", stack], { cwd: folder });
	return { name, folder, stack };
}

function preview({ env }: Sandbox, program: Program): Promise<Sample> {
	return measure({
		argv: ["pulumi", ...previewArguments(program), "--non-interactive"],
		cwd: program.folder,
		env: { ...env, ...withoutDrift },
	});
}

function medians(samples: readonly Sample[]): Pick<Sample, "seconds" | "cpuSeconds" | "megabytes"> {
	const middle = (pick: (sample: Sample) => number) => median(samples.map(pick)) ?? 0;
	return {
		seconds: middle(({ seconds }) => seconds),
		cpuSeconds: middle(({ cpuSeconds }) => cpuSeconds),
		megabytes: middle(({ megabytes }) => megabytes),
	};
}
