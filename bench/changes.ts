/**
 * `npm run bench:changes [rounds]`: what a change costs from end to end, on the real engine and an emulated Aptible whose operations take 3 s
 * and whose CLI takes 0.7 s of CPU a run, beside the Terraform provider. Its figures were measured on 2026-11-29 (facts/terraform-provider.md
 * §7) and are copied: nothing of it is run here. How to read the table: docs/performance.md.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineImage, runServicesApart, setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { pollsOf, requestsOf, type StageCounts } from "./cli-requests.ts";
import { measure, type Sample } from "./measure.ts";
import { BenchStage, changesOf, type Figures } from "./stage.ts";
import { median } from "./turns.ts";

const rounds = Number(process.argv[2] ?? 3);
const cliCpuMs = 700;
const operationMs = 3000;
const backups = { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: false };
/** What the CLI reads one by one. */
const counts: StageCounts = { databases: 2, services: 3, endpoints: 1, drains: 1 };

/** One line of the table. */
interface Row {
	name: string;
	/** What its wall time is held against: all of it, or what it adds to something. */
	beyond: "nothing" | "empty preview" | "one operation";
	aim: { seconds: number; requests: number };
	/** The Terraform provider's: whole wall time and requests. */
	rival: { seconds: number; requests: number };
}

const rows = {
	create: {
		name: "create",
		beyond: "nothing",
		aim: { seconds: 20, requests: 80 },
		rival: { seconds: 20.4, requests: 66 },
	},
	look: {
		name: "nothing: the look",
		beyond: "empty preview",
		aim: { seconds: 0.7, requests: 20 },
		rival: { seconds: 0.2, requests: 20 },
	},
	nothing: {
		name: "nothing: up",
		beyond: "nothing",
		aim: { seconds: Number.POSITIVE_INFINITY, requests: 0 },
		rival: { seconds: 0.2, requests: 0 },
	},
	release: {
		name: "image + 2 keys",
		beyond: "one operation",
		aim: { seconds: 3, requests: 40 },
		// 29 with its plan, which takes the 20 of "nothing".
		rival: { seconds: 5.3, requests: 9 },
	},
	counts: {
		name: "three counts at once",
		beyond: "one operation",
		aim: { seconds: 3.5, requests: Number.POSITIVE_INFINITY },
		rival: { seconds: 5.3, requests: Number.NaN },
	},
	destroy: {
		name: "destroy",
		beyond: "nothing",
		aim: { seconds: 15, requests: Number.POSITIVE_INFINITY },
		rival: { seconds: 15.2, requests: 46 },
	},
} as const satisfies Readonly<Record<string, Row>>;
type RowName = keyof typeof rows;

const samples = new Map<RowName, { figures: Figures; beyondSeconds: number }[]>();
const note = (name: RowName, figures: Figures, baseSeconds: number) => {
	const list = samples.get(name) ?? [];
	list.push({ figures, beyondSeconds: figures.seconds - baseSeconds });
	samples.set(name, list);
};
for (let round = 0; round < rounds; round += 1) await benchRound();
print();

async function benchRound(): Promise<void> {
	const stage = await BenchStage.open();
	const update = ["up", "--yes", "--skip-preview"];
	try {
		defineImage(stage.aptible, "acme/clinic:*", ["web", "worker", "cron"]);
		setLatency(stage.aptible, { cpuMs: cliCpuMs, operationMs });
		// As on the model of the API on which the Terraform provider was measured.
		runServicesApart(stage.aptible);
		const bare = await bareProgram(stage);
		const operationSeconds = operationMs / 1000;

		await stage.write(blocks());
		note("create", await stage.run(update), 0);
		const empty = await preview(stage, bare);
		note("look", await stage.run(["preview"]), empty.seconds);
		note("nothing", await stage.run(update), 0);
		const released = { image: "acme/clinic:2", config: { A: "2", B: "2", C: "1" } };
		await stage.write(blocks(released));
		note("release", await stage.run(update), operationSeconds);
		await stage.write(blocks({ ...released, services: servicesOf(3, 2, 2) }));
		note("counts", await stage.run(update), operationSeconds);
		note("destroy", await stage.run(["destroy", "--yes", "--skip-preview"]), 0);
	} finally {
		await stage.close();
	}
}

/** Two databases, a log drain, an app of three services, an endpoint. */
function blocks(app: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
	return {
		// Without last backups, so that the environment can go in the end.
		environment: { handle: "acme-bench", stack: "shared-ca-central-1", phi: false, backups },
		databases: { main: { type: "postgresql", version: "16" }, cache: { type: "redis", version: "7.2" } },
		logDrains: { siem: { kind: "syslog", host: "logs.acme.example", port: 6514 } },
		apps: {
			portal: {
				image: "acme/clinic:1",
				config: { A: "1", B: "1", C: "1" },
				services: servicesOf(2, 1, 1),
				endpoints: { test: { service: "web", kind: "https", defaultDomain: true } },
				...app,
			},
		},
	};
}

function servicesOf(web: number, worker: number, cron: number): Record<string, unknown> {
	return { web: { containers: web }, worker: { containers: worker }, cron: { containers: cron } };
}

/** A program that declares nothing: what the engine and Node take by themselves. */
async function bareProgram({ dir, sandbox }: BenchStage): Promise<string> {
	const folder = join(dir, "bare");
	await mkdir(folder);
	const runtime = "runtime: { name: nodejs, options: { typescript: false } }";
	await writeFile(join(folder, "Pulumi.yaml"), `name: bare\nmain: index.ts\n${runtime}\n`);
	await writeFile(join(folder, "package.json"), '{ "type": "module", "main": "index.ts" }');
	await writeFile(join(folder, "index.ts"), 'import "@pulumi/pulumi";\n');
	await sandbox.pulumi(["stack", "init", "bare"], { cwd: folder });
	return folder;
}

function preview({ sandbox }: BenchStage, folder: string): Promise<Sample> {
	const argv = ["pulumi", "preview", "--stack", "bare", "--non-interactive"];
	return measure({ argv, cwd: folder, env: sandbox.env, sampleMs: "never" });
}

function print(): void {
	const line = (...cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);
	console.log(`medians of ${rounds}; operations of ${operationMs / 1000} s, CLI runs of ${cliCpuMs / 1000} s of CPU\n`);
	line(
		"Scenario",
		"wall s",
		"beyond",
		"aim",
		"CLI runs (changes)",
		"requests",
		"of them API + CLI's + polls",
		"aim",
		"theirs",
	);
	line(...Array.from({ length: 9 }, () => "---"));
	for (const [name, list] of samples) {
		const { name: title, beyond, aim, rival }: Row = rows[name];
		const middle = (pick: (figures: Figures) => number) => median(list.map(({ figures }) => pick(figures))) ?? 0;
		const asked = (each: (command: string) => number) =>
			middle(({ cli }) => cli.reduce((sum, { command }) => sum + each(command), 0));
		const parts = [
			middle(({ requests }) => requests),
			asked((command) => requestsOf(command, counts)),
			asked((command) => pollsOf(command, operationMs)),
		];
		const requests = parts.reduce((sum, part) => sum + part, 0);
		const beyondSeconds = median(list.map((sample) => sample.beyondSeconds)) ?? 0;
		line(
			title,
			middle(({ seconds }) => seconds).toFixed(1),
			beyond === "nothing" ? "" : `${beyondSeconds.toFixed(1)} over ${beyond}`,
			judge(beyondSeconds, aim.seconds, "s"),
			`${middle(({ cli }) => cli.length)} (${middle(({ cli }) => changesOf(cli))})`,
			String(requests),
			parts.join(" + "),
			judge(requests, aim.requests, ""),
			`${rival.seconds} s${Number.isNaN(rival.requests) ? "" : `, ${rival.requests}`}`,
		);
	}
}

function judge(value: number, aim: number, unit: string): string {
	if (aim === Number.POSITIVE_INFINITY) return "";
	return `${value <= aim ? "met" : "MISSED"}: <= ${aim} ${unit}`.trimEnd();
}
