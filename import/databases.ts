/** Images of databases and caches as managed databases of Aptible's (facts/aptible.md §3.1). */
import { databaseTypes, endedDatabaseTypes } from "../config/catalogue.ts";
import { lookUp } from "../wire/own.ts";
import type { ImageName } from "./images.ts";

/** What an image is on Aptible. */
export interface ManagedDatabase {
	type: string;
	/** Undefined where Aptible has none of the type. */
	version: string | undefined;
	/** What a person has to decide; empty where nothing is. */
	decide: string[];
	/** What was taken, in words. */
	says: string;
}

interface Kind {
	type: string;
	programs: readonly string[];
	/** What a person has to know of the image, whatever its version. */
	says?: string;
	/** Its versions are counted otherwise than those of the type. */
	countsOtherwise?: true;
}

const kinds: readonly Kind[] = [
	{ type: "postgresql", programs: ["postgres", "postgresql", "postgresql-repmgr"] },
	{
		type: "postgresql",
		programs: ["postgis", "timescaledb", "timescaledb-ha", "pgvector", "pgvecto-rs", "citus", "pg_search"],
		says: "it brings an extension; look whether Aptible's has it: SELECT name FROM pg_available_extensions",
	},
	{ type: "mysql", programs: ["mysql", "mysql-server", "percona", "percona-server"] },
	{
		type: "mysql",
		programs: ["mariadb", "mariadb-galera", "alpine-mariadb"],
		countsOtherwise: true,
		says: "Aptible has MySQL and no MariaDB: what only MariaDB knows (sequences, system versioning, RETURNING, its UUID type, its collations) fails or has to change; rehearse the copy before you decide (docs/move.md)",
	},
	{ type: "redis", programs: ["redis"] },
	{
		type: "redis",
		programs: ["valkey", "keydb", "dragonfly", "redis-stack", "redis-stack-server"],
		says: "it speaks Redis' protocol and is not Redis; what only it has (modules, its own commands) is not there",
	},
	{ type: "mongodb", programs: ["mongo", "mongodb", "mongodb-community-server"] },
	{ type: "elasticsearch", programs: ["elasticsearch", "elasticsearch-oss"] },
	{
		type: "elasticsearch",
		programs: ["opensearch"],
		countsOtherwise: true,
		says: "Aptible has Elasticsearch 7.10, from which OpenSearch comes; what OpenSearch has added is not there, and its clients may refuse Elasticsearch",
	},
	{ type: "rabbitmq", programs: ["rabbitmq"] },
	{ type: "influxdb", programs: ["influxdb"] },
	{ type: "couchdb", programs: ["couchdb"] },
];

/** A version in numbers, as far as a tag says it; `latest-pg15` is 15. */
function numbersOf(tag: string | undefined): number[] {
	const [, version] = /pg(\d+(?:\.\d+)?)/.exec(tag ?? "") ?? /^v?(\d+(?:\.\d+)?)/.exec(tag ?? "") ?? [];
	return version === undefined ? [] : version.split(".").map(Number);
}

function compare([major = 0, minor]: readonly number[], [otherMajor = 0, otherMinor]: readonly number[]): number {
	return major === otherMajor && minor !== undefined && otherMinor !== undefined
		? minor - otherMinor
		: major - otherMajor;
}

/** Types whose minor versions differ as others' majors do. */
const minorCounts: ReadonlySet<string> = new Set(["mysql", "mongodb", "elasticsearch", "rabbitmq"]);

/** What an image of a database is on Aptible; undefined where it is no database that Aptible has or had. */
export function findManaged({ program, tag }: ImageName): ManagedDatabase | undefined {
	const kind = kinds.find(({ programs }) => programs.includes(program.toLowerCase()));
	if (kind === undefined) return undefined;
	const { type } = kind;
	const decide = kind.says === undefined ? [] : [kind.says];
	const ended = lookUp(endedDatabaseTypes, type);
	if (ended !== undefined) {
		const says = `blocker: Aptible gave ${type} up on ${ended}; take another type, or one of somebody else's`;
		return { type, version: undefined, decide: [says], says };
	}
	// Redis' flavors are versions too, and are no image's tag.
	const offered = (databaseTypes[type]?.offered ?? []).filter((one) => /^[\d.]+$/.test(one));
	const newest = offered.at(-1);
	const wanted = numbersOf(tag);
	if (wanted.length === 0 || kind.countsOtherwise === true) {
		if (kind.countsOtherwise !== true) {
			decide.push(
				`its tag names no version; ${newest} is taken, the newest that Aptible has: name the one whose data you bring`,
			);
		}
		return { type, version: newest, decide, says: `database of type ${type} ${newest}` };
	}
	const exact = offered.filter((one) => compare(numbersOf(one), wanted) === 0).at(-1);
	const later = offered.find((one) => compare(numbersOf(one), wanted) > 0);
	const version = exact ?? later ?? newest;
	if (exact === undefined) {
		const own = wanted.join(".");
		const isSameMajor = later !== undefined && numbersOf(later)[0] === wanted[0] && !minorCounts.has(type);
		if (later === undefined) {
			decide.push(
				`blocker: ${own} is newer than the newest that Aptible has, ${newest}, into which its data does not go for certain; take ${newest} and load a dump, or one of somebody else's, whose URL is a secret`,
			);
		} else if (!isSameMajor) {
			decide.push(`Aptible has no ${own}; ${later} is taken, the next that it has: test the app with it first`);
		}
	}
	return { type, version, decide, says: `database of type ${type} ${version}` };
}

/** Port on which each type listens by itself. */
export const databasePorts: Readonly<Record<string, readonly number[]>> = {
	postgresql: [5432],
	mysql: [3306],
	redis: [6379],
	mongodb: [27017],
	elasticsearch: [9200, 9300],
	rabbitmq: [5672, 15672],
	influxdb: [8086],
};

/** Schemes of URLs that a client of each type takes as Aptible gives them. */
export const databaseSchemes: Readonly<Record<string, readonly string[]>> = {
	postgresql: ["postgres", "postgresql"],
	mysql: ["mysql", "mysql2"],
	redis: ["redis", "rediss", "valkey"],
	mongodb: ["mongodb"],
	elasticsearch: ["http", "https"],
	rabbitmq: ["amqp", "amqps"],
	influxdb: ["http", "https"],
};

/** What a database's own variables say of its credentials. */
export type Credential = "user" | "password" | "name" | "root";

const credentialVariables: readonly (readonly [names: RegExp, credential: Credential])[] = [
	[/^(MYSQL|MARIADB)_ROOT_PASSWORD$/, "root"],
	[
		/^(POSTGRES_USER|POSTGRESQL_USERNAME|(MYSQL|MARIADB)_USER|MONGO_INITDB_ROOT_USERNAME|RABBITMQ_DEFAULT_USER|(DOCKER_INFLUXDB_INIT|INFLUXDB)(_ADMIN)?_USER(NAME)?)$/,
		"user",
	],
	[
		/^(POSTGRES(QL)?_PASSWORD|(MYSQL|MARIADB)_PASSWORD|MONGO_INITDB_ROOT_PASSWORD|RABBITMQ_DEFAULT_PASS|(REDIS|VALKEY)_PASSWORD|ELASTIC_PASSWORD|OPENSEARCH_INITIAL_ADMIN_PASSWORD|(DOCKER_INFLUXDB_INIT|INFLUXDB)(_ADMIN)?_PASSWORD)$/,
		"password",
	],
	[
		/^(POSTGRES(QL)?_(DB|DATABASE)|(MYSQL|MARIADB)_DATABASE|MONGO_INITDB_DATABASE|RABBITMQ_DEFAULT_VHOST|DOCKER_INFLUXDB_INIT_BUCKET|INFLUXDB_DB)$/,
		"name",
	],
];

/** Which credential a variable of a database's image sets; a name that ends in `_FILE` says where it stands. */
export function credentialOf(variable: string): Credential | undefined {
	const name = variable.replace(/_FILE$/, "");
	return credentialVariables.find(([names]) => names.test(name))?.[1];
}

/** Types whose URL has no name of a database in it (docs/configuration/README.md, parts of a database's URL). */
const nameless: ReadonlySet<string> = new Set(["redis", "elasticsearch", "influxdb"]);

/** Whether a connection to a type has a part. */
export function hasPart(type: string, part: string): boolean {
	return part !== "name" || !nameless.has(type);
}
