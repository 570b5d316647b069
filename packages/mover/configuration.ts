/** What the container is told, by its environment and its secrets. */
import { readFileSync } from "node:fs";
import { nameStage } from "./commands.ts";
import type { Mask } from "./mask.ts";
import { type GivenObjects, isGivenObjects, type MovedObjects, readObjects } from "./objects/configuration.ts";
import type { Login } from "./postgresql/connection.ts";

/** Types of database that the mover copies. */
const COPIED_TYPES = ["postgresql", "mysql", "redis"] as const;
/** The others that Aptible has or had. */
const UNCOPIED_TYPES = ["mongodb", "couchdb", "elasticsearch", "influxdb", "rabbitmq", "sftp"] as const;
export type CopiedType = (typeof COPIED_TYPES)[number];
export type UncopiedType = (typeof UNCOPIED_TYPES)[number];

/** Queues that run empty before the copy, instead of being copied. */
export interface Drain {
	/** Keys of lists, sets, sorted sets and streams. */
	queues: readonly string[];
	/** Number of the database that they are in. */
	database: number;
	/** How long a copy waits for them. */
	minutes: number;
}

/** A database that moves. */
export interface MovedDatabase {
	/** As the stage file calls it. */
	name: string;
	type: CopiedType;
	source: Login;
	target: Login;
	/** Addresses by which applications log in to the source, whose refused logins prove a freeze; empty where none are given. */
	apps: readonly Login[];
	/** Aptible's id of the target. */
	aptibleId: number;
	/** The target's disk, in bytes; absent where whoever handed it over does not know. */
	diskBytes: number | undefined;
	/** Memory of the target's container; absent where whoever handed it over does not know. */
	containerMb: number | undefined;
	/** Of Redis; absent where its keys are copied. */
	drain?: Drain;
}

/** A database of a type that the mover does not copy. */
export interface UncopiedDatabase {
	name: string;
	type: UncopiedType;
}

export interface Configuration {
	stage: string;
	/** Name of the database on whose server the journal is. */
	journal: string;
	databases: readonly MovedDatabase[];
	/** Those that stand in the way of a copy, until they are left out of what is handed over. */
	uncopied: readonly UncopiedDatabase[];
	/** Containers whose objects move. */
	objects: readonly MovedObjects[];
	/** Parts that are copied at a time. */
	jobs: number;
	leaseSeconds: number;
	/** How old the snapshot of a source that is in use may get. */
	snapshotSeconds: number;
	/** Folder of the journal's copy in a file; without one it is on the server alone. */
	journalFolder: string | undefined;
}

/** Everything that is wrong with what the container was told. */
export class ConfigurationError extends Error {
	override name = "ConfigurationError";
}

const DEFAULT_TARGET_FILE = "/run/secrets/move-target";
const NAME = /^[0-9a-z][0-9a-z._-]{0,63}$/;
const SCHEMES: Readonly<Record<CopiedType, RegExp>> = {
	postgresql: /^postgres(ql)?:$/,
	mysql: /^mysql:$/,
	redis: /^rediss?:$/,
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads what the container was told. Every secret in it is given to the mask before anything else is looked at.
 *
 * @throws ConfigurationError that names each variable that is wrong with the fix, and no value of a secret
 */
export function readConfiguration(environment: Environment, mask: Mask): Configuration {
	const problems: string[] = [];
	const jobs = readNumber(environment, "MOVE_JOBS", { otherwise: 2, least: 1, most: 16 }, problems);
	const leaseSeconds = readNumber(environment, "MOVE_LEASE_SECONDS", { otherwise: 20, least: 2, most: 300 }, problems);
	const age = { otherwise: 7_200, least: 60, most: 86_400 };
	const snapshotSeconds = readNumber(environment, "MOVE_SNAPSHOT_SECONDS", age, problems);
	const target = readTarget(environment, mask, problems);
	const given = Object.entries(target?.databases ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
	const uncopied = given.flatMap(([name, { type }]) => (isCopied(type) ? [] : [{ name, type }]));
	const databases = given.flatMap(([name, given]): MovedDatabase[] => {
		const { type } = given;
		if (!isCopied(type)) return [];
		const source = readSource(environment, name, type, mask, problems);
		const database: MovedDatabase = {
			name,
			type,
			source,
			target: { url: given.url, ca: given.ca },
			apps: readApps(environment, name, { type, source }, mask, problems),
			aptibleId: given.aptibleId,
			diskBytes: given.diskGb === undefined ? undefined : given.diskGb * 2 ** 30,
			containerMb: given.containerMb,
			...(given.drain === undefined ? {} : { drain: given.drain }),
		};
		return [database];
	});
	const variables = new Map<string, string>();
	for (const { name } of databases) {
		const other = variables.get(variableOf(name));
		if (other !== undefined) {
			problems.push(
				`${variableOf(name)}: stands for ${other} and for ${name}; rename one of them in the stage file, then: npm run move -- credentials --stack STACK --replace`,
			);
		}
		variables.set(variableOf(name), name);
	}
	const read = (variable: string) => readValue(environment, variable, problems);
	const objects = readObjects(target?.objects ?? {}, { read, mask, problems });
	const possible = databases
		.filter(({ type }) => type === "postgresql")
		.map(({ name }) => name)
		.sort();
	const journal = target?.journal === undefined ? possible[0] : String(target.journal);
	if (target !== undefined && possible.length === 0) {
		problems.push(
			"MOVE_TARGET_FILE: none of its databases is postgresql, and the journal is kept on one; add a small one to the stage file",
		);
	} else if (target !== undefined && !possible.includes(journal ?? "")) {
		problems.push(
			`MOVE_TARGET_FILE: its journal is on none of its databases of postgresql (${possible.join(", ")}); ${REWRITE}`,
		);
	}
	if (problems.length > 0) throw new ConfigurationError(nameStage(problems.join("\n"), target?.stage ?? "STACK"));
	return {
		stage: target?.stage ?? "",
		journal: journal ?? "",
		databases,
		uncopied,
		objects,
		jobs,
		leaseSeconds,
		snapshotSeconds,
		journalFolder: environment.MOVE_JOURNAL || undefined,
	};
}

/** The variable with the address of a database's source. */
export function variableOf(database: string): string {
	return `MOVE_SOURCE_${database.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

interface GivenDatabase {
	type: CopiedType | UncopiedType;
	url: string;
	ca: string;
	aptibleId: number;
	diskGb?: number;
	containerMb?: number;
	drain?: Drain;
}

interface GivenTarget {
	stage: string;
	/** Absent in a file of an earlier release: the first PostgreSQL by its name. */
	journal?: unknown;
	databases: Record<string, GivenDatabase>;
	/** Absent in a file of an earlier release, and where no objects move. */
	objects?: Record<string, GivenObjects>;
}

const REWRITE = "write it anew: npm run move -- credentials --stack STACK --replace";

function readTarget(environment: Environment, mask: Mask, problems: string[]): GivenTarget | undefined {
	const inline = environment.MOVE_TARGET_FILE === undefined ? environment.MOVE_TARGET : undefined;
	const variable = inline === undefined ? "MOVE_TARGET_FILE" : "MOVE_TARGET";
	const file = environment.MOVE_TARGET_FILE || DEFAULT_TARGET_FILE;
	const text = inline ?? readIfThere(file);
	const refuse = (says: string) => {
		problems.push(`${variable}: ${says}`);
		return undefined;
	};
	if (text === undefined) {
		return refuse(
			`${file} is not there; give the service the file that \`npm run move -- credentials --stack STACK\` wrote as the secret move-target, or name another path in MOVE_TARGET_FILE`,
		);
	}
	mask.add(text.trim());
	let target: unknown;
	try {
		target = JSON.parse(text);
	} catch {
		return refuse(`is no JSON; ${REWRITE}`);
	}
	if (!isObject(target) || !isObject(target.databases)) return refuse(`has no databases; ${REWRITE}`);
	for (const given of Object.values(target.databases)) {
		if (isObject(given) && typeof given.url === "string") mask.addUrl(given.url);
	}
	if (typeof target.stage !== "string" || !/^[\w.-]{1,100}$/.test(target.stage)) {
		return refuse(`has no name of a stage; ${REWRITE}`);
	}
	const wrong = Object.entries(target.databases).flatMap(([name, given]) => {
		const missing = NAME.test(name) ? wrongField(given) : "name";
		return missing === undefined
			? []
			: [`databases.${NAME.test(name) ? name : "?"}: its ${missing} is missing or wrong; ${REWRITE}`];
	});
	const objects = target.objects ?? {};
	if (!isObject(objects) || !Object.values(objects).every(isGivenObjects)) {
		return refuse(`its objects are no containers with their accounts; ${REWRITE}`);
	}
	if (Object.keys(target.databases).length === 0) return refuse(`has no databases; ${REWRITE}`);
	for (const says of wrong) refuse(says);
	return wrong.length === 0 ? (target as unknown as GivenTarget) : undefined;
}

function wrongField(given: unknown): string | undefined {
	if (!isObject(given)) return "block";
	const types = [...COPIED_TYPES, ...UNCOPIED_TYPES];
	const type = types.find((one) => one === given.type);
	if (type === undefined) return `type (${types.join(", ")})`;
	// What nobody connects to is not looked at.
	if (!isCopied(type)) return undefined;
	if (typeof given.url !== "string" || !isAddress(given.url, type)) return "url";
	if (typeof given.ca !== "string" || !given.ca.includes("-----BEGIN CERTIFICATE-----")) return "ca";
	if (!Number.isSafeInteger(given.aptibleId)) return "aptibleId";
	if (given.drain !== undefined && (type !== "redis" || !isDrain(given.drain))) return "drain";
	return (["diskGb", "containerMb"] as const).find((key) => {
		const size = given[key];
		return size !== undefined && !(Number.isFinite(size) && Number(size) > 0);
	});
}

/** Whether the mover copies databases of this type. */
export function isCopied(type: CopiedType | UncopiedType): type is CopiedType {
	return (COPIED_TYPES as readonly string[]).includes(type);
}

function isDrain(given: unknown): given is Drain {
	if (!isObject(given)) return false;
	const { queues, database, minutes } = given;
	const isNames =
		Array.isArray(queues) && queues.length > 0 && queues.every((one) => typeof one === "string" && one !== "");
	const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
	return isNames && isCount(database) && isCount(minutes);
}

function readSource(environment: Environment, name: string, type: CopiedType, mask: Mask, problems: string[]): Login {
	const variable = variableOf(name);
	const url = readValue(environment, variable, problems);
	const ca = readValue(environment, `${variable}_CA`, problems);
	if (url === undefined) {
		if (environment[`${variable}_FILE`] === undefined) {
			problems.push(
				`${variable}: is not set; it has the address of ${name} in MedStack, ${type}://USER:PASSWORD@HOST:PORT/DATABASE. Set it, or name the file of a secret in ${variable}_FILE`,
			);
		}
		return { url: "" };
	}
	mask.addUrl(url);
	if (!isAddress(url, type)) {
		problems.push(
			`${variable}: is no address of the type ${type}; write ${type}://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of the password encoded (@ is %40)`,
		);
	}
	if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
		problems.push(`${variable}_CA: is no certificate in PEM; give the one that signed the server's, or leave it out`);
	}
	return ca === undefined ? { url } : { url, ca };
}

/** Addresses of applications, by whitespace; their server is the source's. */
function readApps(
	environment: Environment,
	name: string,
	{ type, source }: { type: CopiedType; source: Login },
	mask: Mask,
	problems: string[],
): Login[] {
	const variable = `${variableOf(name)}_APPS`;
	const urls = readValue(environment, variable, problems)?.split(/\s+/) ?? [];
	for (const url of urls) mask.addUrl(url);
	if (!urls.every((url) => isAddress(url, type))) {
		problems.push(
			`${variable}: not each of its lines is an address of the type ${type}; write ${type}://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of the password encoded (@ is %40)`,
		);
	}
	return urls.map((url) => ({ ...source, url }));
}

/** A variable's value, or what is in the file that its `_FILE` names. */
function readValue(environment: Environment, variable: string, problems: string[]): string | undefined {
	const [value, file] = [environment[variable], environment[`${variable}_FILE`]];
	if (value !== undefined && file !== undefined) {
		problems.push(`${variable}: is set, and ${variable}_FILE too; leave one of them out`);
	}
	if (file === undefined) return value?.trim() || undefined;
	const text = readIfThere(file)?.trim();
	if (text === undefined || text === "") {
		problems.push(`${variable}_FILE: ${file} is not there or empty; give the service a secret of that name`);
	}
	return text || undefined;
}

function readNumber(
	environment: Environment,
	variable: string,
	{ otherwise, least, most }: { otherwise: number; least: number; most: number },
	problems: string[],
): number {
	const text = environment[variable];
	if (text === undefined || text === "") return otherwise;
	const number = Number(text);
	if (Number.isInteger(number) && number >= least && number <= most) return number;
	problems.push(`${variable}: "${text}" is not a whole number from ${least} to ${most}; default: ${otherwise}`);
	return otherwise;
}

function isAddress(url: string, type: CopiedType): boolean {
	return URL.canParse(url) && SCHEMES[type].test(new URL(url).protocol) && new URL(url).hostname !== "";
}

function readIfThere(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
