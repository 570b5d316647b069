/** The mover's way into the target: a login of its own, and the file that hands it over. */
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { findDatabaseId, readDatabaseServiceId } from "../aptible/api/database.ts";
import { listServiceEndpoints } from "../aptible/api/endpoint.ts";
import type { Environment } from "../aptible/api/environment.ts";
import type { Context } from "../aptible/context.ts";
import type { Drain } from "../config/move.ts";
import type { Asks } from "../packages/mover/journal/journal.ts";
import type { GivenObjects } from "../packages/mover/objects/configuration.ts";
import { variableOf } from "../packages/mover/objects/rights.ts";
import { openMoveFolder } from "./folder.ts";
import { refuseWork } from "./guards.ts";
import { noteHosts } from "./handed-over.ts";
import { findJournalHandle } from "./journal-place.ts";
import { findEnvironment, movedDatabases, readUrl, requireDatabaseId, type Way, Ways } from "./session.ts";
import type { MoveStage } from "./stage.ts";

/** Name of the login on the target. */
export const MOVER_LOGIN = "mover";

/** One database in the file that is handed over. */
interface HandedOver {
	type: string;
	url: string;
	ca: string;
	aptibleId: number;
	/** In GB, as the stage file says. */
	diskGb: number | undefined;
	/** Of its container during the move, as the stage file says. */
	containerMb: number;
	/** Queues that run empty instead of being copied, as the stage file says. */
	drain: Drain | undefined;
}

/** The file with the mover's way in. */
export function handOverFile({ folder, name }: MoveStage): string {
	return path.join(folder, ".move", `${name}-target.json`);
}

/** What killed commands have left of it: each may hold a password. */
export function findPartials(moved: MoveStage): string[] {
	const file = handOverFile(moved);
	const folder = path.dirname(file);
	if (!existsSync(folder)) return [];
	const names = readdirSync(folder).filter((name) => name.startsWith(`${path.basename(file)}.`));
	return names.filter((name) => /\.\d+$/.test(name)).map((name) => path.join(folder, name));
}

/**
 * Writes the file, then makes the login on each target: a file whose password opens nothing yet is written again, a password that
 * no file has is lost.
 *
 * @param replace whether a login that is there gets another password; the former one opens nothing any more then
 * @returns lines for the person
 * @throws where a mover may work by the login, and before anything is changed
 */
export async function makeCredentials(
	context: Context,
	moved: MoveStage,
	{ replace, tell }: { replace: boolean; tell: (line: string) => void },
): Promise<string[]> {
	const file = handOverFile(moved);
	const another =
		"to give it another password: npm run move -- credentials --stack STACK --replace, and give the service the new file";
	if (existsSync(file) && !replace) {
		throw new Error(`${file} is there already. The mover has it as a secret; ${another}`);
	}
	const environment = await findEnvironment(context, moved);
	if (!environment.caCertificate.includes("-----BEGIN CERTIFICATE-----")) {
		throw new Error(
			`environment "${environment.handle}" has no certificate of an authority yet; it has one once a database is provisioned: aptible environment:ca_cert --environment ${environment.handle}`,
		);
	}
	const databases: Record<string, HandedOver> = {};
	const passwords = new Map<string, string>();
	const hosts = new Map<string, string>();
	const ways = new Ways(context, environment, tell);
	try {
		const journal = await findJournalHandle(context, environment, moved, (handle) => ways.to(handle));
		for (const { handle, type, diskGb, containerMb, drain } of movedDatabases(moved)) {
			const id = await requireDatabaseId(context, environment.handle, handle);
			const url = new URL(await readUrl(context, id, handle));
			url.hostname = await requireMoverHost(context, environment, moved, { id, handle });
			hosts.set(handle, url.hostname);
			if (type === "postgresql") {
				if (!replace && (await inTarget(ways.to(handle), canLogIn))) {
					throw new Error(
						`database "${handle}": login ${MOVER_LOGIN} can log in already, and a mover may work by it; ${another}`,
					);
				}
				const password = randomBytes(24).toString("hex");
				context.redactor.add(password);
				passwords.set(handle, password);
				url.username = MOVER_LOGIN;
				url.password = password;
			} else if (type === "mysql") {
				// Its own user has rights on `db` alone, and root the same passphrase (facts/move.md §1.5).
				url.username = "root";
			}
			const ca = environment.caCertificate;
			databases[handle] = { type, url: url.href, ca, aptibleId: id, diskGb, containerMb, drain };
		}
		await ways.to(journal).look(async (session) => session && refuseWork(session));
		for (const partial of findPartials(moved)) rmSync(partial);
		const handedOver = { stage: moved.name, journal, databases, ...objectsOf(moved) };
		writeSecretFile(moved, `${JSON.stringify(handedOver, null, 2)}\n`, replace);
		for (const [handle, password] of passwords) {
			tell(`${handle}: login ${MOVER_LOGIN} is made through a tunnel`);
			await inTarget(ways.to(handle), (session) => setLogin(session, password));
		}
		await noteHosts(await ways.to(journal).open(), hosts);
	} finally {
		await ways.close();
	}
	return [
		`${file} is written, for its owner alone; git does not see it`,
		`give it to the mover's service as the secret move-target, then remove it: rm ${file}`,
		`the mover looks for the addresses of the sources in MOVE_SOURCE_NAME, or in the file of a secret that MOVE_SOURCE_NAME_FILE names`,
		...Object.keys(objectsOf(moved).objects ?? {}).map(
			(name) =>
				`the mover looks for the containers of ${name}, each with its SAS, in ${variableOf(name, "source")} and ${variableOf(name, "target")}, or in the files of secrets that these with _FILE name`,
		),
	];
}

/** Where the objects of each container go: the mover takes no other one for the target. Their SAS is given to it in variables of its own. */
function objectsOf({ stage: { move, storage } }: MoveStage): { objects?: Record<string, GivenObjects> } {
	const names = move?.objects ?? [];
	if (storage === undefined || names.length === 0) return {};
	const { account, containers } = storage;
	return {
		objects: Object.fromEntries(names.map((name) => [name, { account, container: containers[name]?.name ?? "" }])),
	};
}

/** Gives the login a password, and makes it where it is not there. Whoever is logged in by the former one goes. */
export async function setLogin(session: Asks, password: string): Promise<void> {
	// What the server logs of statements would have the password in it.
	await session.query("SET log_statement = 'none'");
	await session.query("SET log_min_duration_statement = -1");
	await session.query("SET log_min_error_statement = 'panic'");
	const { rows } = await session.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", [MOVER_LOGIN]);
	const verb = rows.length === 0 ? "CREATE" : "ALTER";
	await session.query(`${verb} ROLE ${MOVER_LOGIN} LOGIN SUPERUSER PASSWORD '${password.replaceAll("'", "''")}'`);
	if (verb === "ALTER") await endSessions(session);
}

/** Shuts the login out, for the end of the move: what it owns stays, and its password opens nothing any more. */
export async function closeLogin(session: Asks): Promise<void> {
	const { rows } = await session.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", [MOVER_LOGIN]);
	if (rows.length === 0) return;
	await session.query(`ALTER ROLE ${MOVER_LOGIN} NOLOGIN NOSUPERUSER PASSWORD NULL`);
	await endSessions(session);
}

async function endSessions(session: Asks): Promise<void> {
	await session.query("SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = $1", [
		MOVER_LOGIN,
	]);
}

async function canLogIn(session: Asks): Promise<boolean> {
	const { rows } = await session.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1 AND rolcanlogin", [
		MOVER_LOGIN,
	]);
	return rows.length > 0;
}

async function inTarget<T>(way: Way, use: (session: Asks) => Promise<T>): Promise<T> {
	const session = await way.connect("postgres");
	return use(session).finally(() => session.end());
}

/** Host names of the mover's endpoints that are there, by the stage's name of the database. */
export async function findMoverHosts(
	context: Context,
	environment: Environment,
	moved: MoveStage,
): Promise<ReadonlyMap<string, string>> {
	const hosts = new Map<string, string>();
	for (const { handle } of movedDatabases(moved)) {
		const id = await findDatabaseId(context.api, environment.handle, handle);
		const host = id === undefined ? undefined : await findMoverHost(context, moved, { id, handle });
		if (host !== undefined) hosts.set(handle, host);
	}
	return hosts;
}

/** Host of the database endpoint that admits the mover; undefined where there is none. */
async function findMoverHost(
	context: Context,
	moved: MoveStage,
	{ id, handle }: { id: number; handle: string },
): Promise<string | undefined> {
	const serviceId = await readDatabaseServiceId(context.api, id);
	const endpoints =
		serviceId === undefined ? [] : await listServiceEndpoints(context.api, { id: serviceId, service: handle });
	const open = endpoints.filter(({ internal, hostname }) => !internal && hostname !== undefined);
	const addresses = moved.stage.move?.from.addresses ?? [];
	const isMovers = ({ ip_whitelist }: { ip_whitelist: string }) => {
		const admitted = new Set(ip_whitelist.split(" "));
		return addresses.length > 0 && addresses.every((address) => admitted.has(address));
	};
	return open.find(isMovers)?.hostname;
}

async function requireMoverHost(
	context: Context,
	environment: Environment,
	moved: MoveStage,
	database: { id: number; handle: string },
): Promise<string> {
	const host = await findMoverHost(context, moved, database);
	if (host !== undefined) return host;
	const addresses = moved.stage.move?.from.addresses ?? [];
	throw new Error(
		`database "${database.handle}" of environment "${environment.handle}" has no endpoint that admits ${addresses.join(", ") || "the cluster"} alone; set move.phase: prepare and move.from.addresses in the stage file, then: pulumi up --stack STACK`,
	);
}

/** Writes a file for its owner alone, whole or not at all. */
function writeSecretFile(moved: MoveStage, text: string, replace: boolean): void {
	openMoveFolder(moved);
	const file = handOverFile(moved);
	const partial = `${file}.${process.pid}`;
	writeFileSync(partial, text, { mode: 0o600, flag: "wx" });
	if (replace) {
		renameSync(partial, file);
		return;
	}
	try {
		linkSync(partial, file);
	} finally {
		rmSync(partial);
	}
}
