/**
 * `npm run bench:scale [apps ...]`: what a large stage costs on an emulated Aptible whose CLI takes 0.7 s of CPU a run, as the real one
 * does (docs/aptible-commands.md): a preview with its look, the first `up`, and `up --skip-preview` again. By default with 10, 40 and
 * 120 apps, each with two services, an endpoint and ten variables, and a database for every four.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readJournal } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { defineImage, setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { prepareSandbox } from "@medstack-to-aptible/sandbox/environment.ts";
import { stringify } from "yaml";
import { fakeSshKey } from "../test/support/emulated-aptible.ts";
import { measure } from "./measure.ts";

const root = join(import.meta.dirname, "..");
const cliCpuMs = 700;
const given = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [10, 40, 120];

console.log("apps  command               wall     CPU      peak memory  CLI runs (changes)  requests  sockets");
for (const apps of sizes) await benchStage(apps);

async function benchStage(apps: number): Promise<void> {
	await mkdir(join(root, ".sandbox"), { recursive: true });
	const dir = await mkdtemp(join(root, ".sandbox/scale-"));
	const sandbox = await prepareSandbox({ root, dir, quiet: true });
	try {
		const { APTIBLE_SANDBOX: aptible = "", APTIBLE_API_ROOT_URL: api = "" } = sandbox.env;
		await fakeSshKey(sandbox.env);
		defineImage(aptible, "acme/tenant:*", ["web", "worker"]);
		setLatency(aptible, { cpuMs: cliCpuMs });
		const file = join(dir, "Pulumi.scale.yaml");
		await writeFile(file, stringify({ config: stageOf(apps) }));
		await sandbox.pulumi(["stack", "init", "scale"]);
		const run = async (name: string, ...command: string[]) => {
			const mark = readJournal(aptible).at(-1)?.id ?? 0;
			const sample = await measure({
				argv: ["pulumi", ...command, "--non-interactive", "--stack", "scale", "--config-file", file],
				cwd: root,
				env: sandbox.env,
				port: Number(new URL(api).port),
			});
			const rows = readJournal(aptible).filter(({ id }) => id > mark);
			const cli = rows.filter(({ source }) => source === "cli");
			const changes = cli.filter(({ mutating }) => mutating).length;
			console.log(
				[
					String(apps).padStart(4),
					name.padEnd(20),
					`${sample.seconds.toFixed(1)} s`.padStart(8),
					`${sample.cpuSeconds.toFixed(1)} s`.padStart(8),
					`${Math.round(sample.megabytes)} MB`.padStart(10),
					`${cli.length} (${changes})`.padStart(16),
					String(rows.length - cli.length).padStart(11),
					String(sample.sockets).padStart(8),
				].join("  "),
			);
		};
		await run("first up", "up", "--yes", "--skip-preview");
		await run("preview with look", "preview");
		await run("up --skip-preview", "up", "--yes", "--skip-preview");
	} finally {
		await sandbox.close();
		await rm(dir, { recursive: true, force: true });
	}
}

/** The stage's blocks. */
function stageOf(count: number): Record<string, unknown> {
	const numbers = Array.from({ length: count }, (_, index) => String(index).padStart(3, "0"));
	const databaseOf = (number: string) => `main-${String(Math.floor(Number(number) / 4)).padStart(3, "0")}`;
	const variables = Array.from({ length: 9 }, (_, index) => [`SETTING_${index}`, `value-of-setting-${index}`]);
	const app = (number: string) => ({
		image: "acme/tenant:2026-11-20",
		config: { ...Object.fromEntries(variables), DATABASE_URL: `\${databases.${databaseOf(number)}.url}` },
		services: { web: { containers: 2 }, worker: {} },
		endpoints: { test: { service: "web", kind: "https", defaultDomain: true } },
	});
	const databases = [...new Set(numbers.map(databaseOf))].map((handle) => [
		handle,
		{ type: "postgresql", version: "16" },
	]);
	return {
		"medstack-to-aptible:environment": { handle: "acme-scale", stack: "shared-ca-central-1", phi: false },
		"medstack-to-aptible:databases": Object.fromEntries(databases),
		"medstack-to-aptible:apps": Object.fromEntries(numbers.map((number) => [`tenant-${number}`, app(number)])),
	};
}
