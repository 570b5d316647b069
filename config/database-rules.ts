/** What takes more than one value to see in the databases of a stage. */
import { lookUp } from "../wire/own.ts";
import { databaseTypes, endedDatabaseTypes, isSharedStack, replicableTypes } from "./catalogue.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { findNearestWord, suggest } from "./near-miss.ts";
import { checkDisk } from "./sizes.ts";

type DatabaseDraft = NonNullable<NonNullable<Draft["databases"]>[string]>;

const quoted = (words: readonly string[]) => words.map((word) => JSON.stringify(word)).join(", ");

/** Whether its version is somebody else's: of a live database, of a backup, or of the primary that it streams from. */
function isGivenVersion({ adopt, restoreFrom, replicaOf, logical }: DatabaseDraft): boolean {
	return adopt === true || restoreFrom !== undefined || (replicaOf !== undefined && logical !== true);
}

function checkType(at: Place, database: DatabaseDraft): Mistake[] {
	const { type, version } = database;
	if (type === undefined) return [];
	const ended = lookUp(endedDatabaseTypes, type);
	if (ended !== undefined) {
		return [wrongValue([...at, "type"], `was given up by Aptible on ${ended}; move its data to another type`)];
	}
	const versions = lookUp(databaseTypes, type);
	const flavor = /^redis-(aof|nordb)$/.exec(type)?.[1];
	if (flavor !== undefined) {
		const example = JSON.stringify(`${version ?? "8.2"}-${flavor}`);
		const says = `is a flavor of Redis, which its version names; write type: redis and version: ${example}`;
		return [wrongValue([...at, "type"], says)];
	}
	if (versions === undefined) {
		const types = Object.keys(databaseTypes);
		const near = suggest(findNearestWord(type, types));
		return [wrongValue([...at, "type"], `is not a database type; allowed: ${types.join(", ")}${near}`)];
	}
	if (version === undefined || versions.offered.length === 0 || versions.offered.includes(version)) return [];
	if (isGivenVersion(database)) return [];
	const place = [...at, "version"];
	const since = lookUp(versions.deprecated, version);
	if (since === undefined) {
		const near = suggest(findNearestWord(version, versions.offered));
		// Whoever names one below all of these has a database that Aptible made long ago.
		const isOlder = versions.offered.every((offered) => Number.parseFloat(version) < Number.parseFloat(offered));
		const hint = isOlder ? ", or adopt: true where the database exists" : near;
		return [wrongValue(place, `is not a version of ${type}; allowed: ${quoted(versions.offered)}${hint}`)];
	}
	const says = `of ${type} is deprecated: Aptible makes no new ones since ${since}; allowed: ${quoted(versions.offered)}, or adopt: true where the database exists`;
	return [wrongValue(place, says)];
}

/** A key of KMS is in the region of the disk (Aptible docs: custom database encryption); a shared stack names its own. */
function checkKey(at: Place, { kmsKeyArn }: DatabaseDraft, stack: string | undefined): Mistake[] {
	if (kmsKeyArn === undefined || stack === undefined || !isSharedStack(stack)) return [];
	const region = kmsKeyArn.split(":")[3] ?? "";
	const stackRegion = stack.slice("shared-".length);
	if (region.startsWith(stackRegion)) return [];
	return [
		wrongValue([...at, "kmsKeyArn"], `is a key of ${region}; the key has to be in the region of stack "${stack}"`),
	];
}

function checkOrigin(at: Place, { restoreFrom, replicaOf, logical, adopt }: DatabaseDraft): Mistake[] {
	const mistakes: Mistake[] = [];
	if (restoreFrom !== undefined && replicaOf !== undefined) {
		const says = "is not allowed beside replicaOf; a database is made from a backup or follows another, not both";
		mistakes.push(wrongValue([...at, "restoreFrom"], says));
	}
	if (restoreFrom !== undefined && adopt === true) {
		const says = "is not allowed with adopt: true, which takes over a database that exists; remove one of them";
		mistakes.push(wrongValue([...at, "restoreFrom"], says));
	}
	if (logical === true && replicaOf === undefined) {
		mistakes.push(wrongValue([...at, "logical"], "is for a replica; name its primary in replicaOf"));
	}
	return mistakes;
}

function checkReplica(handle: string, replica: DatabaseDraft, databases: NonNullable<Draft["databases"]>): Mistake[] {
	const at = ["databases", handle];
	const { replicaOf, type, version, logical } = replica;
	if (replicaOf === undefined) return [];
	const place = [...at, "replicaOf"];
	if (replicaOf === handle) return [wrongValue(place, "is the database itself; name the one that it follows")];
	const primary = Object.hasOwn(databases, replicaOf) ? databases[replicaOf] : undefined;
	if (primary === undefined) {
		if (Object.hasOwn(databases, replicaOf)) return [];
		const others = Object.keys(databases).filter((name) => name !== handle);
		const declared = others.length === 0 ? "no other is declared" : `declared: ${others.join(", ")}`;
		const near = suggest(findNearestWord(replicaOf, others));
		return [wrongValue(place, `is not a database of this stage; ${declared}${near}`)];
	}
	if (primary.replicaOf !== undefined) {
		const says = `is a replica itself; name the database that it follows, ${JSON.stringify(primary.replicaOf)}`;
		return [wrongValue(place, says)];
	}
	if (primary.type !== undefined && !replicableTypes.includes(primary.type)) {
		const says = `is ${primary.type}, of which Aptible makes no replicas; allowed: ${replicableTypes.join(", ")}`;
		return [wrongValue(place, says)];
	}
	if (type !== undefined && primary.type !== undefined && type !== primary.type) {
		const says = `is not the type of "${replicaOf}", which it follows; write ${primary.type}`;
		return [wrongValue([...at, "type"], says)];
	}
	if (logical === true && type !== undefined && type !== "postgresql") {
		return [wrongValue([...at, "logical"], `is for postgresql alone, and this is ${type}; remove the line`)];
	}
	if (version === undefined || primary.version === undefined) return [];
	const versionPlace = [...at, "version"];
	if (logical === true && !(Number(version) > Number(primary.version))) {
		const says = `is not newer than the "${primary.version}" of "${replicaOf}"; a logical replica is the way to a newer version`;
		return [wrongValue(versionPlace, says)];
	}
	if (logical !== true && version !== primary.version) {
		const upgrade = type === "postgresql" ? ", or logical: true for an upgrade" : "";
		const says = `is not the version of "${replicaOf}", which it follows; write "${primary.version}"${upgrade}`;
		return [wrongValue(versionPlace, says)];
	}
	return [];
}

/** Judges the databases of a stage, the sizes of their containers aside. */
export function checkDatabases(draft: Draft): Mistake[] {
	const databases = draft.databases ?? {};
	return Object.entries(databases).flatMap(([handle, database]) => {
		if (database === undefined) return [];
		const at = ["databases", handle];
		return [
			...checkType(at, database),
			...checkDisk(at, database),
			...checkKey(at, database, draft.environment?.stack),
			...checkOrigin(at, database),
			...checkReplica(handle, database, databases),
		];
	});
}
