/**
 * `npm run bench:scale [apps ...]`: what a large stage costs on an emulated Aptible whose CLI takes 0.7 s of CPU a run, as the real one
 * does (docs/aptible-commands.md): the first `up`, a preview with its look, and `up --skip-preview` again. By default with 1, 10, 40 and
 * 120 apps, each with two services, an endpoint and ten variables, and a database for every four. How to read it: docs/performance.md.
 */
import { defineImage, setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { BenchStage, changesOf, type Figures } from "./stage.ts";

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
		await stage.write(stageOf(apps));
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
		await bench("first up", "up", "--yes", "--skip-preview");
		await bench("preview with look", "preview");
		await bench("up --skip-preview", "up", "--yes", "--skip-preview");
	} finally {
		await stage.close();
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
		environment: { handle: "acme-scale", stack: "shared-ca-central-1", phi: false },
		databases: Object.fromEntries(databases),
		apps: Object.fromEntries(numbers.map((number) => [`tenant-${number}`, app(number)])),
	};
}
