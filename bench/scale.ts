/**
 * `npm run bench:scale [apps ...]`: what a large stage costs on an emulated Aptible whose CLI takes 0.7 s of CPU a run, as the real one
 * does (docs/aptible-commands.md): the first `up`, a preview with its look, and `up --skip-preview` again. By default with 1, 10, 40 and
 * 120 apps, each with two services, an endpoint and ten variables, and a database for every four. From 121 apps on their config is more
 * than a program can be given: they come from included files of 50 apps, with a group of variables that all take and the address of another
 * app in each, and are only previewed, as their first `up` takes half an hour of the CLI's CPU. How to read it: docs/performance.md.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { defineImage, setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { stringify } from "yaml";
import { BenchStage, changesOf, type Figures, root } from "./stage.ts";

const cliCpuMs = 700;
/** Seldom enough to leave the processors to what is measured. */
const sampleMs = 250;
const given = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [1, 10, 40, 120];
/** The size that the aims are for. */
const aimedApps = 120;

/** What is aimed at, in words, and whether figures come to it. */
interface Aim {
	text: string;
	isMet(figures: Figures): boolean;
}

const aims: Readonly<Record<string, Aim>> = {
	"first up": {
		text: "CLI runs <= changes",
		// The version is asked once for a CLI.
		isMet: ({ cli }) => cli.filter(({ command, mutating }) => !mutating && command !== "version").length === 0,
	},
	"preview with look": {
		text: "<= 10 s, no CLI run",
		isMet: ({ seconds, cli }) => seconds <= 10 && cli.every(({ command }) => command === "version"),
	},
	"up --skip-preview": { text: "<= 15 s", isMet: ({ seconds }) => seconds <= 15 },
};

console.log("apps  command               wall     CPU      peak memory  CLI runs (changes)  requests  sockets   aim");
for (const apps of sizes) await benchStage(apps);

async function benchStage(apps: number): Promise<void> {
	const stage = await BenchStage.open();
	try {
		defineImage(stage.aptible, "acme/tenant:*", ["web", "worker"]);
		setLatency(stage.aptible, { cpuMs: cliCpuMs });
		const isIncluded = apps > aimedApps;
		await stage.write(isIncluded ? await writeFiles(stage.dir, apps) : stageOf(apps));
		const bench = async (name: string, ...command: string[]) => {
			const figures = await stage.run(command, sampleMs);
			const { seconds, cpuSeconds, megabytes, sockets, cli, requests } = figures;
			const aim = apps === aimedApps ? aims[name] : undefined;
			console.log(
				[
					String(apps).padStart(4),
					name.padEnd(20),
					`${seconds.toFixed(1)} s`.padStart(8),
					`${cpuSeconds.toFixed(1)} s`.padStart(8),
					`${Math.round(megabytes)} MB`.padStart(10),
					`${cli.length} (${changesOf(cli)})`.padStart(16),
					String(requests).padStart(11),
					String(sockets).padStart(8),
					aim === undefined ? "" : `${aim.isMet(figures) ? "met" : "MISSED"}: ${aim.text}`,
				]
					.join("  ")
					.trimEnd(),
			);
		};
		if (isIncluded) return await bench("first preview", "preview");
		await bench("first up", "up", "--yes", "--skip-preview");
		await bench("preview with look", "preview");
		await bench("up --skip-preview", "up", "--yes", "--skip-preview");
	} finally {
		await stage.close();
	}
}

/** Writes the apps and databases of a stage into files of their own; gives the blocks that include them. */
async function writeFiles(dir: string, count: number): Promise<Record<string, unknown>> {
	const { environment, databases, apps } = stageOf(count);
	const handles = Object.keys(apps);
	const linked = Object.entries(apps).map(([handle, app], index) => {
		const before = handles[index - 1];
		const address = before === undefined ? {} : { NEXT_URL: `\${apps.${before}.endpoints.test.url}` };
		return [handle, { ...app, configFrom: ["common"], config: { ...app.config, ...address } }];
	});
	const folder = join(dir, "stage");
	await mkdir(folder);
	const common = { LOG_LEVEL: "info", DB_HOST: "${databases.main-000.host}" };
	await writeFile(join(folder, "data.yaml"), stringify({ databases, shared: { common } }));
	for (let first = 0; first < linked.length; first += 50) {
		const own = Object.fromEntries(linked.slice(first, first + 50));
		await writeFile(join(folder, `apps-${first}.yaml`), stringify({ apps: own }));
	}
	return { environment, include: [`${relative(root, folder)}/*.yaml`] };
}

/** The stage's blocks. */
function stageOf(count: number) {
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
		environment: { handle: "acme-scale", stack: "shared-ca-central-1", phi: false },
		databases: Object.fromEntries(databases),
		apps: Object.fromEntries(numbers.map((number) => [`tenant-${number}`, app(number)])),
	};
}
