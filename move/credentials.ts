/** The mover's way into the target: a login of its own, and the file that hands it over. */
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readDatabaseServiceId } from "../aptible/api/database.ts";
import { listServiceEndpoints } from "../aptible/api/endpoint.ts";
import type { Environment } from "../aptible/api/environment.ts";
import type { Context } from "../aptible/context.ts";
import type { Drain } from "../config/move.ts";
import type { Asks } from "../packages/mover/journal/journal.ts";
import { findEnvironment, movedDatabases, readUrl, requireDatabaseId, Way } from "./session.ts";
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

/**
 * Makes the login on each target and writes the file.
 *
 * @param replace whether a file that is there is written anew; the password in it opens nothing any more then
 * @returns lines for the person
 */
export async function makeCredentials(
	context: Context,
	moved: MoveStage,
	{ replace, tell }: { replace: boolean; tell: (line: string) => void },
): Promise<string[]> {
	const file = handOverFile(moved);
	if (existsSync(file) && !replace) {
		throw new Error(
			`${file} is there already. The mover has it as a secret; to give it another password: npm run move -- credentials --stack ${moved.name} --replace, and give the service the new file`,
		);
	}
	const environment = await findEnvironment(context, moved);
	if (!environment.caCertificate.includes("-----BEGIN CERTIFICATE-----")) {
		throw new Error(
			`environment "${environment.handle}" has no certificate of an authority yet; it has one once a database is provisioned: aptible environment:ca_cert --environment ${environment.handle}`,
		);
	}
	const databases: Record<string, HandedOver> = {};
	for (const { handle, type, diskGb, containerMb, drain } of movedDatabases(moved)) {
		const id = await requireDatabaseId(context, environment.handle, handle);
		const url = new URL(await readUrl(context, id, handle));
		url.hostname = await moverHost(context, environment, moved, { id, handle });
		if (type === "postgresql") {
			const password = randomBytes(24).toString("hex");
			context.redactor.add(password);
			tell(`${handle}: login ${MOVER_LOGIN} is made through a tunnel`);
			await withTarget(context, environment, handle, tell, (session) => setLogin(session, password));
			url.username = MOVER_LOGIN;
			url.password = password;
		} else if (type === "mysql") {
			// Its own user has rights on `db` alone, and root the same passphrase (facts/move.md §1.5).
			url.username = "root";
		}
		const ca = environment.caCertificate;
		databases[handle] = { type, url: url.href, ca, aptibleId: id, diskGb, containerMb, drain };
	}
	writeSecretFile(file, `${JSON.stringify({ stage: moved.name, databases }, null, 2)}\n`, replace);
	return [
		`${file} is written, for its owner alone; git does not see it`,
		`give it to the mover's service as the secret move-target, then remove it: rm ${file}`,
		`the mover looks for the addresses of the sources in MOVE_SOURCE_NAME, or in the file of a secret that MOVE_SOURCE_NAME_FILE names`,
	];
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

async function withTarget(
	context: Context,
	environment: Environment,
	handle: string,
	tell: (line: string) => void,
	use: (session: Asks) => Promise<void>,
): Promise<void> {
	const way = new Way(context, environment, handle, tell);
	try {
		const session = await way.connect("postgres");
		await use(session).finally(() => session.end());
	} finally {
		await way.close();
	}
}

/** Host of the database endpoint that admits the mover. */
async function moverHost(
	context: Context,
	environment: Environment,
	moved: MoveStage,
	{ id, handle }: { id: number; handle: string },
): Promise<string> {
	const serviceId = await readDatabaseServiceId(context.api, id);
	const endpoints =
		serviceId === undefined ? [] : await listServiceEndpoints(context.api, { id: serviceId, service: handle });
	const open = endpoints.filter(({ internal, hostname }) => !internal && hostname !== undefined);
	const addresses = moved.stage.move?.from.addresses ?? [];
	const isMovers = ({ ip_whitelist }: { ip_whitelist: string }) => {
		const admitted = new Set(ip_whitelist.split(" "));
		return addresses.length > 0 && addresses.every((address) => admitted.has(address));
	};
	const [endpoint] = open.filter(isMovers);
	if (endpoint?.hostname !== undefined) return endpoint.hostname;
	throw new Error(
		`database "${handle}" of environment "${environment.handle}" has no endpoint that admits ${addresses.join(", ") || "the cluster"} alone; set move.phase: prepare and move.from.addresses in the stage file, then: pulumi up --stack ${moved.name}`,
	);
}

/** Writes a file for its owner alone, whole or not at all. */
function writeSecretFile(file: string, text: string, replace: boolean): void {
	mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
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
