/** Which servers this container reaches, for whoever sets it up by its log. */
import { type Configuration, type MovedDatabase, variableOf } from "./configuration.ts";
import type { Engines } from "./engine.ts";
import { type Login, withSession } from "./postgresql/connection.ts";

/** `HOST:PORT` of a login's server. */
export function hostOf({ url }: Login): string {
	return new URL(url).host;
}

/** Tries each server once. @returns one line for each */
export async function tryServers(configuration: Configuration, engines: Engines): Promise<string[]> {
	const tries = configuration.databases.flatMap((database) => [
		tryTarget(database, engines),
		trySource(database, engines),
	]);
	return Promise.all(tries);
}

async function tryTarget({ name, type, target }: MovedDatabase, engines: Engines): Promise<string> {
	const server = `${name}: the target ${hostOf(target)}`;
	try {
		if (type !== "postgresql") {
			await engines[type].identify(target);
			return `${server} answers`;
		}
		const { rows } = await withSession(target, { database: "postgres" }, (client) =>
			client.query("SELECT pg_catalog.host(pg_catalog.inet_client_addr()) AS address"),
		);
		return `${server} answers, and sees this mover as ${rows[0].address}`;
	} catch (error) {
		return `${server} does not answer: ${(error as Error).message}`;
	}
}

async function trySource({ name, type, source }: MovedDatabase, engines: Engines): Promise<string> {
	const server = `${name}: the source ${hostOf(source)}`;
	try {
		const { database } = await engines[type].identify(source);
		return `${server} answers, database ${database}`;
	} catch (error) {
		return `${server} does not answer: ${(error as Error).message}; see whether ${variableOf(name)} is its address`;
	}
}
