/** Both sides of a move for tests: a source as Azure gives it to MedStack, a target as Aptible makes one. */
import path from "node:path";
import { startAptiblePostgres } from "@medstack-to-aptible/sandbox/aptible/postgresql.ts";
import {
	MEDSTACK_ADMIN,
	MEDSTACK_DATABASE,
	startMedstackSource,
} from "@medstack-to-aptible/sandbox/medstack/source.ts";
import type { PostgresMajor } from "@medstack-to-aptible/sandbox/postgresql/binaries.ts";
import { usePostgresClients } from "@medstack-to-aptible/sandbox/postgresql/clients.ts";
import type { Postgres } from "@medstack-to-aptible/sandbox/postgresql/server.ts";
import { type Login, withSession } from "../../postgresql/connection.ts";

const DOCKERFILE = path.join(import.meta.dirname, "../../Dockerfile");

/** Has the programs of the mover's image (`pg_dump` 17 ...) come first on this process's PATH. */
export const useImageClients = () => usePostgresClients(DOCKERFILE);

/** A source: database `clinic`, owned by `medadmin`, who is no superuser. `login` is medadmin's, `superuser` Azure's own. */
export interface Source {
	server: Postgres;
	login: Login;
	superuser: Login;
}

/** A target: database `db`, and `aptible`, who is a superuser. */
export interface Target {
	server: Postgres;
	login: Login;
}

/** Starts one; with a clinic where its scale is given, of which 0.002 makes 3 MB. */
export async function startSource(
	major: PostgresMajor = 15,
	settings: Record<string, string | number> = {},
	clinicScale?: number,
): Promise<Source> {
	const server = await startMedstackSource({
		major,
		settings,
		...(clinicScale === undefined ? {} : { clinicScale }),
	});
	return {
		server,
		login: { url: server.url(MEDSTACK_DATABASE, MEDSTACK_ADMIN) },
		superuser: { url: server.url(MEDSTACK_DATABASE) },
	};
}

export async function startTarget(major: PostgresMajor = 17): Promise<Target> {
	const server = await startAptiblePostgres({ major });
	return { server, login: { url: server.url("db") } };
}

/** Starts a source of 15 and a target of 17, with the image's programs on PATH. */
export async function startSides(): Promise<[Source, Target]> {
	await useImageClients();
	return Promise.all([startSource(15), startTarget(17)]);
}

/** Runs SQL, as the admin unless another login is given; statements by `;`, in one transaction unless they say otherwise. */
export async function execute(login: Login, sql: string): Promise<void> {
	await withSession(login, { settings: { search_path: "public", row_security: "on" } }, (client) => client.query(sql));
}

/** Has a quarter more of each table's rows in a clinic. */
export async function growClinic({ login }: Source): Promise<void> {
	await execute(
		login,
		`INSERT INTO clinic.patients (email, full_name, born, notes)
			SELECT 'again-' || email, full_name, born, notes FROM clinic.patients WHERE id % 4 = 0;
		INSERT INTO clinic.visits (patient_id, state, at, amount, score, code)
			SELECT patient_id, state, at, amount, score, md5(code) FROM clinic.visits WHERE id % 4 = 0;
		INSERT INTO clinic.documents (patient_id, name, body)
			SELECT patient_id, name, body FROM clinic.documents WHERE get_byte(uuid_send(id), 15) % 4 = 0;
		INSERT INTO audit.events (at, kind, payload) SELECT at, kind, payload FROM audit.events WHERE id % 4 = 0`,
	);
}
