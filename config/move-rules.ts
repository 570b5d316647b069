/** What takes more than one value of a move to see. */

import { lookUp } from "../wire/own.ts";
import { references, TemplateError } from "../wire/template.ts";
import { admits, privateNetworkOf } from "./azure/storage-addresses.ts";
import { checkCopied } from "./azure/storage-worm.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongName, wrongValue } from "./mistakes.ts";
import { leastTiming } from "./move.ts";
import { checkDomains } from "./move-domain-rules.ts";
import { moverEndpoint } from "./move-phases.ts";
import { findNearestNumber, suggest, unknownName } from "./near-miss.ts";
import { checkDisk, containerSizesMb, countCpus, databaseDefaults } from "./sizes.ts";
import { mergeVariables } from "./variables.ts";

type MoveDraft = NonNullable<Draft["move"]>;
type DatabaseDraft = NonNullable<NonNullable<Draft["databases"]>[string]>;
type During = NonNullable<NonNullable<NonNullable<MoveDraft["databases"]>[string]>["during"]>;

const at = (...keys: Place): Place => ["move", ...keys];

/** Networks that nobody comes from over the internet, beside the private ones (RFC 6890); those for documentation are in examples. */
const reservedNetworks = ["0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"];

/** The data of a MedStack cluster is taken for health information, whatever is in it, unless the move is a test. */
function checkHealthData({ environment, move }: Draft): Mistake[] {
	if (environment?.phi !== false || move?.timing?.test === true) return [];
	const says =
		"stands beside a move, which brings health information; set phi: true (and name a dedicated stack), or remove the move block";
	return [wrongValue(["environment", "phi"], says)];
}

/** Nobody waits less for real data, and a test has none. */
function checkTiming({ environment }: Draft, { timing }: MoveDraft): Mistake[] {
	if (timing === undefined) return [];
	if (timing.test === true) {
		if (environment?.phi !== true) return [];
		const says = "stands beside environment.phi: true, and a test has no health information; remove the line";
		return [wrongValue(at("timing", "test"), says)];
	}
	return Object.entries(leastTiming).flatMap(([key, least]): Mistake[] => {
		const given = timing[key as keyof typeof leastTiming];
		if (given === undefined || given >= least) return [];
		const says = `is less than ${least}, and only a test waits less; allowed: ${least} or more, or move.timing.test: true in a stage with environment.phi: false`;
		return [wrongValue(at("timing", key), says)];
	});
}

function checkAddresses({ from }: MoveDraft): Mistake[] {
	const seen = new Set<string>();
	return (from?.addresses ?? []).flatMap((address, index): Mistake[] => {
		if (address === undefined) return [];
		const place = at("from", "addresses", index);
		const network = privateNetworkOf(address) ?? reservedNetworks.find((one) => admits(one, address));
		if (network !== undefined) {
			const says = `is in ${network}, which nobody comes from over the internet; give the public address of the node`;
			return [wrongValue(place, says)];
		}
		if (seen.has(address)) return [wrongValue(place, "stands twice; remove one")];
		seen.add(address);
		return [];
	});
}

/** What names refer to; undefined where that cannot be said, as the block is wrong by itself. */
function namesOf(draft: Draft, key: "databases" | "secrets"): string[] | undefined {
	return key in draft && draft[key] === undefined ? undefined : Object.keys(draft[key] ?? {});
}

/** Judges a list of names: each is known, and stands once. */
function checkList(
	place: Place,
	list: readonly (string | undefined)[] | undefined,
	what: string,
	known: readonly string[] | undefined,
): Mistake[] {
	return (list ?? []).flatMap((name, index): Mistake[] => {
		if (name === undefined || known === undefined) return [];
		if (list?.indexOf(name) !== index) return [wrongValue([...place, index], "stands twice; remove one")];
		return known.includes(name) ? [] : [wrongValue([...place, index], unknownName(what, name, known))];
	});
}

/** Services as `APP.SERVICE`; undefined where that cannot be said, as an app is wrong by itself. */
function servicesOf(draft: Draft): string[] | undefined {
	const services = Object.entries(draft.apps ?? {}).flatMap(([handle, app]) =>
		Object.keys(app?.services ?? {}).map((service) => `${handle}.${service}`),
	);
	const isReadable = Object.values(draft.apps ?? {}).every((app) => app?.services !== undefined);
	return isReadable ? services : undefined;
}

function checkIdle(draft: Draft, { idle }: MoveDraft): Mistake[] {
	return checkList(at("idle"), idle, "a service of this stage", servicesOf(draft));
}

/** Each key is a service of the stage, and no service in MedStack stands for two. */
function checkSources(draft: Draft, { from }: MoveDraft): Mistake[] {
	const known = servicesOf(draft);
	const given = Object.entries(from?.services ?? {});
	return given.flatMap(([name, theirs], index): Mistake[] => {
		const place = at("from", "services", name);
		if (known !== undefined && !known.includes(name)) {
			return [wrongName(place, unknownName("a service of this stage", name, known))];
		}
		const twin = given.slice(0, index).find(([, other]) => theirs !== undefined && other === theirs);
		return twin === undefined ? [] : [wrongValue(place, `stands for ${twin[0]} already; name another one`)];
	});
}

function checkDatabases(draft: Draft, move: MoveDraft): Mistake[] {
	const known = namesOf(draft, "databases");
	return Object.entries(move.databases ?? {}).flatMap(([name, moved]): Mistake[] => {
		const place = at("databases", name);
		if (known === undefined) return [];
		if (!known.includes(name)) return [wrongName(place, unknownName("a database of this stage", name, known))];
		const declared = draft.databases?.[name];
		if (declared === undefined) return [];
		const { replicaOf } = declared;
		if (replicaOf !== undefined) {
			const says = `is a replica of "${replicaOf}", into which nothing can be copied; move into "${replicaOf}"`;
			return [wrongName(place, says)];
		}
		const taken: Mistake[] = Object.hasOwn(declared.endpoints ?? {}, moverEndpoint)
			? [
					wrongName(
						["databases", name, "endpoints", moverEndpoint],
						"is the name that a move gives the endpoint of its mover; give this one another name, with renamedFrom: mover",
					),
				]
			: [];
		return [
			...taken,
			...checkDrain([...place, "drain"], declared, moved?.drain),
			...checkDuring([...place, "during"], `databases.${name}`, declared, moved?.during),
		];
	});
}

function checkDrain(place: Place, { type }: DatabaseDraft, drain: object | undefined): Mistake[] {
	if (drain === undefined || type === undefined || type === "redis") return [];
	const says = `is for queues in Redis, and this database is ${type}; remove the block`;
	return [{ place, says, about: "nothing" }];
}

/** The size during the move is no smaller than the declared one, and one that there is. */
function checkDuring(place: Place, declaredAt: string, database: DatabaseDraft, during: During | undefined): Mistake[] {
	if (during === undefined) return [];
	const declared = { ...databaseDefaults, ...database };
	const larger = { ...declared, ...during };
	const mistakes: Mistake[] = [];
	for (const key of ["containerMb", "iops"] as const) {
		const [low, high] = [declared[key], during[key]];
		if (low === undefined || high === undefined || high >= low) continue;
		const says = `is smaller than ${declaredAt}.${key}, which is ${low}; allowed: ${low} or more; or remove the line`;
		mistakes.push(wrongValue([...place, key], says));
	}
	const { containerMb, containerProfile } = larger;
	if (mistakes.length > 0 || containerMb === undefined || containerProfile === undefined) return mistakes;
	const sizes = containerSizesMb[containerProfile];
	const key = "containerMb" in during ? "containerMb" : "containerProfile";
	if (!sizes.includes(containerMb) && key in during) {
		const size = key === "containerMb" ? "is not a container size" : `has no container of ${containerMb} MB`;
		const near = suggest(key === "containerMb" ? findNearestNumber(containerMb, sizes) : undefined);
		mistakes.push(
			wrongValue([...place, key], `${size}; allowed for profile ${containerProfile}: ${sizes.join(", ")}${near}`),
		);
	}
	const [before, after] = [
		countCpus(declared.containerMb, declared.containerProfile),
		countCpus(containerMb, containerProfile),
	];
	if (mistakes.length === 0 && before !== undefined && after !== undefined && after < before) {
		const says = `gives ${after} CPUs with ${containerMb} MB, and ${declaredAt} has ${before}, while the copy waits for the CPU; raise containerMb, or remove the line`;
		mistakes.push(wrongValue([...place, "containerProfile"], says));
	}
	if (during.iops !== undefined) mistakes.push(...checkDisk(place, { iops: during.iops, diskGb: declared.diskGb }));
	return mistakes;
}

function checkObjects({ storage, ...draft }: Draft, { objects }: MoveDraft): Mistake[] {
	if ((objects ?? []).length === 0 || ("storage" in draft && storage === undefined)) return [];
	const mistakes = checkList(
		at("objects"),
		objects,
		"a container under storage.containers",
		storage !== undefined && storage.containers === undefined ? undefined : Object.keys(storage?.containers ?? {}),
	);
	for (const name of objects ?? []) {
		const container = name === undefined ? undefined : lookUp(storage?.containers ?? {}, name);
		if (container !== undefined) mistakes.push(...checkCopied(["storage", "containers", name ?? ""], container));
	}
	if (storage?.existing !== "reference" && storage?.existing !== "import") return mistakes;
	const says = `cannot be copied into: with storage.existing: ${storage.existing} the firewall of the account stays as it is; set existing: managed, or remove the line and open the account yourself`;
	return [...mistakes, { place: at("objects"), says, about: "nothing" }];
}

/** A placeholder keeps nothing from going out where no app has it in its config. */
function checkPlaceholders(draft: Draft, { smoke }: MoveDraft): Mistake[] {
	const place = at("smoke", "placeholders");
	const known = namesOf(draft, "secrets");
	const mistakes = checkList(place, smoke?.placeholders, "the name of a secret", known);
	const used = readSecrets(draft);
	if (mistakes.length > 0 || known === undefined || used === undefined) return mistakes;
	return (smoke?.placeholders ?? []).flatMap((name, index): Mistake[] => {
		if (name === undefined || used.has(name)) return [];
		const names = used.size === 0 ? "none is" : `those are: ${[...used].join(", ")}`;
		const says = `is in no app's config, so that its placeholder keeps nothing from going out; ${names}; name one of them, or remove it`;
		return [wrongValue([...place, index], says)];
	});
}

/** Secrets that the config of an app refers to; undefined where that cannot be read. */
function readSecrets(draft: Draft): Set<string> | undefined {
	try {
		const texts = Object.values(draft.apps ?? {}).flatMap((app) =>
			Object.values(mergeVariables<string | undefined>(app ?? {}, draft.shared)),
		);
		const found = texts.flatMap((text) => (text === undefined ? [] : references(text)));
		return new Set(found.flatMap((one) => (one.startsWith("secrets.") ? [one.slice("secrets.".length)] : [])));
	} catch (error) {
		// Said of the text itself (config/references.ts).
		if (error instanceof TemplateError) return undefined;
		throw error;
	}
}

/** Judges the move of a stage. */
export function checkMove(draft: Draft): Mistake[] {
	const { move } = draft;
	if (move === undefined) return [];
	const isEmpty = ![move.databases, move.objects].some((one) => Object.keys(one ?? {}).length > 0);
	const isWhole =
		!("databases" in move && move.databases === undefined) && !("objects" in move && move.objects === undefined);
	return [
		...checkHealthData(draft),
		...checkTiming(draft, move),
		...(isEmpty && isWhole
			? [
					{
						place: at(),
						says: "moves nothing; name what is moved under databases or objects",
						about: "nothing",
					} as const,
				]
			: []),
		...checkAddresses(move),
		...checkIdle(draft, move),
		...checkSources(draft, move),
		...checkDatabases(draft, move),
		...checkObjects(draft, move),
		...checkDomains(draft, move),
		...checkPlaceholders(draft, move),
	];
}
