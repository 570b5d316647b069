/**
 * What Azure costs a preview: `pulumi preview` of a stage with storage, and of the same stage without, on the same engine,
 * taking turns. Every Node process of a run says at its end how much memory it held at most and how long it lived, so that the
 * program is seen apart from the providers. `node bench/azure-startup.ts [rounds]`
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { prepareSandbox, type Sandbox } from "@medstack-to-aptible/sandbox/environment.ts";
import { parse, stringify } from "yaml";
import { inTurns, median } from "./turns.ts";

const root = join(import.meta.dirname, "..");
const rounds = Number(process.argv[2] ?? 7);
const namespace = "medstack-to-aptible:";

interface Variant {
	name: string;
	stack: string;
	file: string;
}

/** One Node process, as it saw itself. */
interface NodeProcess {
	script: string;
	megabytes: number;
	milliseconds: number;
}

interface Sample {
	/** Seconds of the whole preview. */
	wall: number;
	program: NodeProcess;
	/** Memory of the provider for Azure at its most; nothing where none was started. */
	azureProvider: number | undefined;
}

await mkdir(join(root, ".sandbox"), { recursive: true });
const dir = await mkdtemp(join(root, ".sandbox/bench-"));
const records = join(dir, "processes.jsonl");
const recorder = join(dir, "recorder.mjs");
await writeFile(
	recorder,
	`import { appendFileSync } from "node:fs";
process.on("exit", () => appendFileSync(${JSON.stringify(records)}, JSON.stringify({
	script: process.argv.slice(1).join(" "),
	megabytes: process.resourceUsage().maxRSS / 1024,
	milliseconds: performance.now(),
}) + "\\n"));
`,
);
await copyFile(join(root, "Pulumi.yaml"), join(dir, "Pulumi.yaml"));
const sandbox = await prepareSandbox({ root, dir });
try {
	const variants = [await variant(sandbox, "with", true), await variant(sandbox, "without", false)];
	const samples = await inTurns(variants, rounds, (one) => preview(sandbox, one));
	console.log(`pulumi preview of a new stage, medians of ${rounds} runs each, taking turns\n`);
	console.log("storage    wall       program     memory of program   of Azure's provider");
	for (const [{ name }, list] of samples) {
		const middle = (pick: (sample: Sample) => number | undefined) => median(list.flatMap((one) => pick(one) ?? []));
		const azure = middle(({ azureProvider }) => azureProvider);
		console.log(
			`${name.padEnd(10)} ${middle(({ wall }) => wall)?.toFixed(2)} s     ` +
				`${(middle(({ program }) => program.milliseconds / 1000) ?? 0).toFixed(2)} s      ` +
				`${middle(({ program }) => program.megabytes)?.toFixed(0)} MB              ` +
				`${azure === undefined ? "not started" : `${azure.toFixed(0)} MB`}`,
		);
	}
} finally {
	await sandbox.close();
	await rm(dir, { recursive: true, force: true });
}

/** The staging stage with its storage, or with all that has to do with it removed. */
async function variant({ pulumi }: Sandbox, name: string, storage: boolean): Promise<Variant> {
	const stack = `bench-${name}`;
	const file = join(dir, `Pulumi.${stack}.yaml`);
	const stage = parse(await readFile(join(root, "Pulumi.staging.yaml"), "utf8"));
	if (!storage) {
		delete stage.config[`${namespace}storage`];
		const apps = stage.config[`${namespace}apps`] as Record<string, { config?: Record<string, string> }>;
		for (const { config = {} } of Object.values(apps)) {
			for (const [key, value] of Object.entries(config)) if (value.includes("${storage.")) delete config[key];
		}
	}
	await writeFile(file, stringify(stage));
	// A folder of the same project: `stack init` writes into the stage file of the folder that it runs in.
	await pulumi(["stack", "init", stack], { cwd: dir });
	return { name, stack, file };
}

async function preview({ pulumi }: Sandbox, { stack, file }: Variant): Promise<Sample> {
	await writeFile(records, "");
	const started = performance.now();
	const args = ["preview", "--non-interactive", "--stack", stack, "--config-file", file];
	const { code, stdout, stderr } = await pulumi(args, { env: { NODE_OPTIONS: `--import ${pathToFileURL(recorder)}` } });
	const wall = (performance.now() - started) / 1000;
	if (code !== 0) throw new Error(stdout + stderr);
	const lines = (await readFile(records, "utf8")).trim().split("\n");
	const processes = lines.map((line): NodeProcess => JSON.parse(line));
	const program = processes.find(({ script }) => script.includes("/cmd/run"));
	if (program === undefined) throw new Error("the program left no record");
	const azure = processes.find(({ script }) => script.includes("azure/provider.ts"));
	return { wall, program, azureProvider: azure?.megabytes };
}
