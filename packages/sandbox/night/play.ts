/** A whole night, from the plan to the close, by the product's own commands while people go on asking. */
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareSandbox } from "../environment.ts";
import { MEDSTACK_DATABASE } from "../medstack/source.ts";
import { bringUpForMove } from "../move-stage.ts";
import { usePostgresClients } from "../postgresql/clients.ts";
import { run } from "../run.ts";
import { Operator } from "./operator.ts";
import { judgeNight, type NightVerdict } from "./verdict.ts";
import { type NightWorld, startNightWorld } from "./world.ts";
import { DOMAIN } from "./zone.ts";

export const STACK = "clinic";
/** Some 3 MB: a night is about its order, not its size. */
const SCALE = 0.002;
/** For so long people come before the night begins, and after it, in milliseconds. */
const PEACE_MS = 1_500;
const WAIT_MS = 60_000;

export interface NightSetup {
	/** Checkout. */
	root: string;
	/** Folder that the night keeps; what is in it goes first. */
	folder: string;
	/** Says what is done. */
	say: (line: string) => void;
	/** Ends it, with nothing left running. */
	signal: AbortSignal;
}

export interface PlayedNight {
	verdict: NightVerdict;
	/** Path of the report for an audit. */
	report: string;
}

/** What each step is for, as it is said. */
const SAYS: Readonly<Record<string, string>> = {
	plan: "blockers, runbook, and which TTL the domain has",
	credentials: "a login of the mover's own, handed over in a file",
	check: "what would break, before a row moves",
	rehearse: "copies while MedStack is in use, proves the copy, times it and drops it",
	objects: "stored objects, copied from account to account: once before the night, and what has changed in it",
	status: "the forecast",
	"switch frozen": "every service on Aptible at 0",
	freeze: "MedStack's services to 0 by its API, its database shut, silence proven",
	copy: "copied, proven, swapped in",
	verify: "both sides once more",
	"switch trial": "Aptible's services with an endpoint start, DNS unchanged",
	probe: "the domain by its real name at its new side",
	"switch live": "probes, then DNS leads to Aptible",
	watch: "whether anybody still comes to MedStack",
	report: "for an audit",
	close: "the mover's login is shut, what is left to do is listed",
};

/** Plays it. @throws where a step fails, with what it said */
export async function playNight({ root, folder, say, signal }: NightSetup): Promise<PlayedNight> {
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	const stageFile = path.join(folder, `Pulumi.${STACK}.yaml`);
	await copyFile(path.join(import.meta.dirname, `Pulumi.${STACK}.yaml`), stageFile);
	await usePostgresClients(path.join(root, "packages/mover/Dockerfile"));
	const sandbox = await prepareSandbox({ root, dir: folder, quiet: true });
	let world: NightWorld | undefined;
	try {
		say(
			"MedStack serves portal.acme.example: a PostgreSQL 15, a web app, a worker, the page service; Aptible is empty",
		);
		const handOver = path.join(folder, ".move", `${STACK}-target.json`);
		world = await startNightWorld({ sandbox, root, folder, scale: SCALE, handOver });
		say("pulumi up: the stage in the phase prepare");
		const secrets = { registryPassword: "sandbox", smtpPassword: "sandbox" };
		const env = { MEDSTACK_TO_APTIBLE_STAGE_FOLDER: folder };
		await bringUpForMove(sandbox, {
			root,
			stack: STACK,
			stageFile,
			secrets,
			target: world.target,
			env,
			isShown: false,
		});
		const host = world.addEndpointRecords();
		say("its certificate is issued, days before the night: aptible endpoints:renew");
		const renew = ["endpoints:renew", host, "--app", "portal", "--environment", "clinic-prod"];
		const { code, stderr } = await run("aptible", renew, { cwd: root, env: sandbox.env, inherit: false });
		if (code !== 0) throw new Error(`aptible endpoints:renew has ended with ${code}\n${stderr}`);
		return await playSteps(world, { root, folder, say, signal, stageFile });
	} finally {
		await world?.close();
		await sandbox.close();
	}
}

async function playSteps(
	world: NightWorld,
	{ root, folder, say, signal, stageFile }: NightSetup & { stageFile: string },
): Promise<PlayedNight> {
	const { medstack, logs, requesters } = world;
	const operator = new Operator({
		root,
		env: world.env,
		stage: ["--stack", STACK, "--config-file", stageFile],
		logFile: path.join(folder, "commands.log"),
		signal,
		onLine: (line) => {
			const record = /in a zone file: (.+)\)/.exec(line)?.[1];
			if (record === undefined) return;
			say(`at the DNS host, by hand: ${record}`);
			world.putRecord(record);
		},
	});
	const perform = (step: string, ...options: string[]) => {
		say(`npm run move -- ${step}: ${SAYS[step]}`);
		return operator.run(...step.split(" "), ...options);
	};
	world.openDoors();
	await perform("plan");
	say("at the DNS host, by hand: a lower TTL");
	world.lowerTtl();
	await perform("plan");
	await perform("credentials");
	await medstack.scale("mover", 1);
	await until(
		async () => (await read(logs.mover)).includes("waits for wishes"),
		signal,
		`the mover; see ${logs.mover}`,
	);
	await perform("check");
	await perform("rehearse");
	await perform("objects");
	world.objects.change();
	const { output: forecast } = await perform("status");
	await sleep(PEACE_MS);

	say(`in MedStack's UI: ${DOMAIN} from the app to the page service, which asks people to come again`);
	await medstack.mapDomain(DOMAIN, "page");
	await perform("switch frozen", "--yes");
	const { until: frozen } = await perform("freeze", "--yes");
	const copied = await perform("copy");
	// A person has seen that the app deleted one meanwhile.
	await perform("objects", "--delete", "1");
	await perform("verify");
	const { from: opened } = await perform("switch trial", "--yes");
	await perform("probe");
	await perform("switch live", "--yes");
	const isServed = () =>
		requesters.every(({ answers }) =>
			answers.slice(-3).every(({ side, status = 0 }) => side === "aptible" && status < 300),
		);
	await until(async () => isServed(), signal, "answers from Aptible");
	await perform("watch", "--follow", "--old", logs.page, "--new", logs.endpoints);
	const { output: files } = await perform("report");
	await perform("close");
	await sleep(PEACE_MS);
	await world.closeDoors();
	const report = files.split("\n").find((line) => line.endsWith(".md"));
	if (report === undefined) throw new Error(`report names no file:\n${files}`);
	const verdict = await judgeNight({
		requesters,
		ledger: world.ledger,
		databases: {
			medstack: { url: world.source.url(MEDSTACK_DATABASE), server: `${world.source.address}:${world.source.port}` },
			aptible: { url: world.target.url("db"), server: `${world.target.address}:${world.target.port}` },
		},
		frozen,
		opened,
		forecast,
		copied,
		differingObjects: world.objects.differing(),
		journal: await read(path.join(folder, ".move", `${STACK}.jsonl`)),
	});
	return { verdict, report };
}

async function until(isSo: () => Promise<boolean>, signal: AbortSignal, what: string): Promise<void> {
	for (const deadline = Date.now() + WAIT_MS; !(await isSo()); await sleep(50, undefined, { signal })) {
		if (Date.now() > deadline) throw new Error(`nothing has come of ${what} within ${WAIT_MS / 1000} s`);
	}
}

function read(file: string): Promise<string> {
	return readFile(file, "utf8");
}
