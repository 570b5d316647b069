/**
 * `npm run sandbox -- move`: a MedStack stand-in, the stage in `prepare` and then in `frozen`, a real PostgreSQL behind the emulated database, and the mover
 * between them. Servers run for as long as the command; what they hold is kept for a look.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { startAptiblePostgres } from "./aptible/postgresql.ts";
import { prepareSandbox, type Sandbox } from "./environment.ts";
import { usePart } from "./in-use.ts";
import { fillWithClinic, MEDSTACK_ADMIN, MEDSTACK_DATABASE, startMedstackSource } from "./medstack/source.ts";
import { bringUpForMove, moverEnvironment } from "./move-stage.ts";
import { serversFolder } from "./postgresql/binaries.ts";
import { usePostgresClients } from "./postgresql/clients.ts";
import { type Postgres, startPostgres } from "./postgresql/server.ts";
import { run } from "./run.ts";
import { endWithThis } from "./watchdog.ts";

const STACK = "clinic";
/** Some 15 MB: enough to see it move. */
const SCALE = 0.01;
const SIDES = ["source", "target"] as const;
type Side = (typeof SIDES)[number];

/** Where it all is: the checkout, and the folder that the sandbox keeps. */
export interface MovePlace {
	root: string;
	dir: string;
}

/** Runs the whole move, or `psql source|target` on what it left. */
export async function runMove(place: MovePlace, args: readonly string[]): Promise<number> {
	const [command, side, ...rest] = args;
	const use = async (act: () => Promise<number>) => {
		const release = await usePart(place.dir, "move");
		return act().finally(release);
	};
	if (command === undefined) return use(() => moveClinic(place));
	if (command === "psql" && isSide(side)) return use(() => openPsql(place, side, rest));
	console.error(`"move ${args.join(" ")}" is no command; use move, move psql source or move psql target`);
	return 2;
}

const isSide = (text: string | undefined): text is Side => SIDES.some((side) => side === text);

/** Removes what a move has left. */
export async function forgetMove({ dir }: MovePlace): Promise<void> {
	await Promise.all(
		[path.join(dir, "move"), dataFolder(dir)].map((folder) => rm(folder, { recursive: true, force: true })),
	);
}

/** The servers run as another user where this one is root, and must get to their data. */
function dataFolder(dir: string): string {
	const name = Buffer.from(dir).toString("base64url").slice(-40);
	return process.getuid?.() === 0 ? path.join(serversFolder(), "sandbox", name) : path.join(dir, "move-data");
}

async function moveClinic(place: MovePlace): Promise<number> {
	const { root, dir } = place;
	const started = performance.now();
	const say = (line: string) =>
		console.log(`\n[${((performance.now() - started) / 1000).toFixed(0).padStart(3)} s] ${line}`);
	await forgetMove(place);
	const folder = path.join(dir, "move");
	const stageFile = path.join(folder, `Pulumi.${STACK}.yaml`);
	await mkdir(folder, { recursive: true });
	await copyFile(path.join(import.meta.dirname, "medstack", `Pulumi.${STACK}.yaml`), stageFile);
	await usePostgresClients(path.join(root, "packages/mover/Dockerfile"));
	const servers: Postgres[] = [];
	let mover: ChildProcess | undefined;
	const sandbox = await prepareSandbox({ root, dir: folder });
	try {
		say("MedStack: a PostgreSQL 15 with a clinic, whose admin is no superuser; Aptible: a PostgreSQL 17");
		const [source, target] = await startServers(dir);
		servers.push(source, target);
		await fillWithClinic(source, SCALE);

		say(`the stage ${STACK} in phase prepare: workers at 0, an endpoint for the mover, the larger size, one restart`);
		const stage = ["--stack", STACK, "--config-file", stageFile];
		const secrets = { registryPassword: "sandbox" };
		const env = { MEDSTACK_TO_APTIBLE_STAGE_FOLDER: folder };
		await bringUpForMove(sandbox, { root, stack: STACK, stageFile, secrets, target, env, isShown: true });

		say("npm run move -- credentials: a login of the mover's own, handed over in a file");
		const credentials = await move(sandbox, place, ["credentials", ...stage]);
		if (credentials !== 0) return credentials;
		const log = path.join(folder, "mover.log");
		const { child, waits } = startMover(
			sandbox,
			place,
			source,
			path.join(folder, ".move", `${STACK}-target.json`),
			log,
		);
		mover = child;
		await waits;
		const day = [
			["check", "what would break, before a row moves"],
			["rehearse", "copies while the source is in use, proves the copy, times it and drops it"],
		] as const;
		const night = [
			["copy", "the night's copy: proven, then swapped in, and the record for the later phases"],
			["verify", "both sides once more"],
		] as const;
		const perform = async (step: string, says: string) => {
			say(`npm run move -- ${step}: ${says}`);
			const code = await move(sandbox, place, [step, ...stage]);
			return code === 0 ? 0 : fail(`${step} ended with ${code}; what the mover said is in ${log}`);
		};
		for (const [step, says] of day) if ((await perform(step, says)) !== 0) return 1;
		say("npm run move -- switch frozen: every service at 0");
		const frozen = await move(sandbox, place, ["switch", "frozen", "--yes", ...stage]);
		if (frozen !== 0) return fail(`switch ended with ${frozen}`);
		for (const [step, says] of night) if ((await perform(step, says)) !== 0) return 1;
		say("the clinic is on Aptible. To look:");
		console.log(`  npm run sandbox -- move psql source     what MedStack has: schemas clinic and audit
  npm run sandbox -- move psql target     the same on Aptible; \\l shows db_before_N, which stood there before
  ${path.join(folder, ".move")}     the journal, the reports
  ${path.join(folder, `Pulumi.${STACK}.move.json`)}     the record that trial and live need
  ${log}     what the mover said`);
		return 0;
	} finally {
		mover?.kill("SIGTERM");
		await Promise.all(servers.map((server) => server.stop()));
		await sandbox.close();
	}
}

function fail(text: string): number {
	console.error(text);
	return 1;
}

async function startServers(dir: string): Promise<[Postgres, Postgres]> {
	const folders = Object.fromEntries(SIDES.map((side) => [side, path.join(dataFolder(dir), side)])) as Record<
		Side,
		string
	>;
	await Promise.all(Object.values(folders).map((folder) => mkdir(folder, { recursive: true })));
	return Promise.all([
		startMedstackSource({ folder: folders.source }),
		startAptiblePostgres({ folder: folders.target }),
	]);
}

/** Runs one step as a person does. */
async function move({ env }: Sandbox, { root }: MovePlace, args: readonly string[]): Promise<number> {
	const argv = ["--disable-warning=ExperimentalWarning", path.join(root, "move/main.ts"), ...args];
	return (await run(process.execPath, argv, { cwd: root, env, inherit: true })).code;
}

/** Starts the container's process with what MedStack's UI gives it: the hand-over file as a secret, the source in the environment. */
function startMover(
	sandbox: Sandbox,
	{ root }: MovePlace,
	source: Postgres,
	handOver: string,
	log: string,
): { child: ChildProcess; waits: Promise<void> } {
	const child = spawn(
		process.execPath,
		["--disable-warning=ExperimentalWarning", path.join(root, "packages/mover/main.ts")],
		{
			env: moverEnvironment(sandbox, source, handOver),
			stdio: ["ignore", "pipe", "pipe"],
		},
	);
	endWithThis(child, "SIGTERM");
	const file = createWriteStream(log);
	const waits = new Promise<void>((resolve) => {
		child.on("exit", () => resolve());
		child.stdout.on("data", (text: Buffer) => {
			if (text.includes("waits for wishes")) resolve();
		});
	});
	for (const stream of [child.stdout, child.stderr]) stream.pipe(file, { end: false });
	return { child, waits };
}

/** Starts one side on what the move left there, and opens psql on it. */
async function openPsql({ root, dir }: MovePlace, side: Side, args: readonly string[]): Promise<number> {
	await usePostgresClients(path.join(root, "packages/mover/Dockerfile"));
	const folder = path.join(dataFolder(dir), side);
	const server = await startPostgres({
		major: side === "source" ? 15 : 17,
		superuser: side === "source" ? "azure_superuser" : "aptible",
		isKept: true,
		folder,
	}).catch((error: Error) => {
		throw new Error(`there is no ${side} yet (${error.message}); first: npm run sandbox -- move`);
	});
	try {
		const { hostname, port, username, password, pathname } = new URL(
			side === "source" ? server.url(MEDSTACK_DATABASE, MEDSTACK_ADMIN) : server.url("db"),
		);
		const env = {
			...process.env,
			PGHOST: hostname,
			PGPORT: port,
			PGUSER: username,
			PGPASSWORD: password,
			PGDATABASE: pathname.slice(1),
			PGSSLMODE: "verify-full",
			PGSSLROOTCERT: server.caFile,
		} as Record<string, string>;
		return (await run("psql", ["-X", ...args], { cwd: process.cwd(), env, inherit: true })).code;
	} finally {
		await server.stop();
	}
}
