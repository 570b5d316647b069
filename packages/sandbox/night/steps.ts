/** What every night begins with, and the way to each of its boundaries, by the product's own commands while people go on asking. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareSandbox } from "../environment.ts";
import { MEDSTACK_DATABASE } from "../medstack/source.ts";
import { bringUpForMove, putTargetBehind } from "../move-stage.ts";
import { usePostgresClients } from "../postgresql/clients.ts";
import { run } from "../run.ts";
import type { JudgedDatabase } from "./judge.ts";
import type { SideName } from "./ledger.ts";
import { Operator, type Played } from "./operator.ts";
import { type NightWorld, startNightWorld } from "./world.ts";
import { DOMAIN } from "./zone.ts";

export const STACK = "clinic";
/** Some 3 MB: a night is about its order, not its size. */
const SCALE = 0.002;
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
	back: "Aptible to frozen, the loss, DNS, MedStack's database, its services",
};

/**
 * Starts a world with the stage up in `prepare`, and ends it afterwards.
 *
 * @param edit makes the text of its stage file of the usual one
 * @throws where a step of `play` fails, with what it said
 */
export async function withNight<T>(
	setup: NightSetup,
	edit: (stage: string) => string,
	play: (steps: NightSteps) => Promise<T>,
): Promise<T> {
	const { root, folder, say } = setup;
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	const stageFile = path.join(folder, `Pulumi.${STACK}.yaml`);
	await writeFile(stageFile, edit(await readFile(path.join(import.meta.dirname, `Pulumi.${STACK}.yaml`), "utf8")));
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
		return await play(new NightSteps(world, setup, stageFile));
	} finally {
		try {
			await world?.close();
		} finally {
			await sandbox.close();
		}
	}
}

/** The person of a night. */
export class NightSteps {
	readonly world: NightWorld;
	readonly #setup: NightSetup;
	readonly #operator: Operator;

	constructor(world: NightWorld, setup: NightSetup, stageFile: string) {
		const { root, folder, signal } = setup;
		this.world = world;
		this.#setup = setup;
		this.#operator = new Operator({
			root,
			env: world.env,
			stage: ["--stack", STACK, "--config-file", stageFile],
			logFile: path.join(folder, "commands.log"),
			signal,
			onLine: (line) => this.#heed(line),
		});
	}

	/** Sees each line of the command that runs. */
	onLine: (line: string) => void = () => {};

	/** When a record was last changed at the DNS host as a command asked for it. */
	ledAt: Date | undefined;

	/** Runs a step. @throws where it fails */
	perform(step: string, ...options: string[]): Promise<Played> {
		this.#announce(step, options);
		return this.#operator.run(...step.split(" "), ...options);
	}

	/** Runs a step, however it ends. */
	attempt(step: string, ...options: string[]): Promise<Played> {
		this.#announce(step, options);
		return this.#operator.attempt(...step.split(" "), ...options);
	}

	/** Starts the mover, or another one in its place, with the hand-over file as it is now. */
	async startMover(): Promise<void> {
		const { medstack, logs } = this.world;
		const before = (await readFile(logs.mover, "utf8")).length;
		await medstack.scale("mover", 0);
		await medstack.scale("mover", 1);
		const isReady = async () => (await readFile(logs.mover, "utf8")).slice(before).includes("waits for wishes");
		await this.until(isReady, `the mover; see ${logs.mover}`);
	}

	/** Has the mover reach Aptible by an endpoint that was made anew. */
	async renewMover(): Promise<void> {
		putTargetBehind(this.world, this.world.target);
		await this.perform("credentials", "--replace");
		await this.startMover();
	}

	/** The first steps of a night. @param options of `switch frozen` @returns since when MedStack is proven shut */
	async shut(...options: string[]): Promise<Date> {
		this.#setup.say(`in MedStack's UI: ${DOMAIN} from the app to the page service, which asks people to come again`);
		await this.world.medstack.mapDomain(DOMAIN, "page");
		await this.perform("switch frozen", "--yes", ...options);
		const { until } = await this.perform("freeze", "--yes");
		return until;
	}

	/** Waits for something. @throws where it has not come of it */
	async until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
		const { signal } = this.#setup;
		for (const deadline = Date.now() + WAIT_MS; !(await isSo()); await sleep(50, undefined, { signal })) {
			if (Date.now() > deadline) throw new Error(`nothing has come of ${what} within ${WAIT_MS / 1000} s`);
		}
	}

	/** Waits until a side serves everybody. */
	untilServedBy(side: SideName, since?: Date): Promise<void> {
		return this.until(() => this.world.people.areServedBy(side, since), `answers from ${side}`);
	}

	/** Both databases as a judge reads them. */
	get databases(): Record<SideName, JudgedDatabase> {
		const { source, target } = this.world;
		return {
			medstack: { url: source.url(MEDSTACK_DATABASE), server: `${source.address}:${source.port}` },
			aptible: { url: target.url("db"), server: `${target.address}:${target.port}` },
		};
	}

	#announce(step: string, options: readonly string[]): void {
		const shown = options.filter((option) => !option.includes("/") && option !== "--old" && option !== "--new");
		this.#setup.say(`npm run move -- ${[step, ...shown].join(" ")}: ${SAYS[step]}`);
	}

	/** Does what a command asks a person for. */
	#heed(line: string): void {
		const record = /in a zone file: (.+)\)/.exec(line)?.[1];
		if (record !== undefined) {
			this.#setup.say(`at the DNS host, by hand: ${record}`);
			this.world.putRecord(record);
			this.ledAt = new Date();
		}
		this.onLine(line);
	}
}
