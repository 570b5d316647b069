/**
 * What `environment.phi: true` forbids: one entry for each rule, in the words of the list in docs/configuration/environment.md, which is
 * written from this one. What phi sets where the file says nothing (`protect`, `finalBackup`, `lock`) is a default of those keys.
 */
import { classicSslProtocols, sslProtocols } from "../wire/endpoint-settings.ts";
import { lookUp } from "../wire/own.ts";
import { readDatabaseReference } from "../wire/references.ts";
import { references, TemplateError } from "../wire/template.ts";
import { redundanciesOf, regions } from "./azure/regions.ts";
import { isSharedStack } from "./catalogue.ts";
import { writeReference } from "./database-references.ts";
import type { Draft } from "./draft.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { suggest } from "./near-miss.ts";
import { fillSecrets } from "./references.ts";
import { listTemplates } from "./templates.ts";
import { checkWidth } from "./width-rules.ts";

/** One thing that a stage with health information may not have. */
export interface PhiRule {
	/** Place in the stage file, as the documentation names it. */
	readonly key: string;
	/** What is forbidden there. */
	readonly forbids: string;
	/** Where it is judged: when the file is read, or in the file that is named, when that has what it takes. */
	readonly judgedBy: ((draft: Draft) => Mistake[]) | { readonly file: string; readonly when: string };
}

/** All of them, in the order of a stage file. */
export const phiRules: readonly PhiRule[] = [
	{
		key: "environment.stack",
		forbids: "one of Aptible's shared stacks, by its name",
		judgedBy: ({ environment }) => {
			const stack = environment?.stack;
			if (stack === undefined || !isSharedStack(stack)) return [];
			const says = `is not allowed on "${stack}": Aptible's shared stacks may hold no health information; name a dedicated stack, or set phi: false`;
			return [wrongValue(["environment", "phi"], says)];
		},
	},
	{
		key: "environment.stack",
		forbids: "any stack that is not dedicated to the organization",
		judgedBy: { file: "aptible/environment/environment.ts", when: "when the environment is created" },
	},
	{
		key: "environment.backups.keepFinal",
		forbids: "`false`",
		judgedBy: ({ environment }) => {
			if (environment?.backups?.keepFinal !== false) return [];
			const says =
				"is not allowed with phi: true; set keepFinal: true, which keeps the last backup of a database that is deleted";
			return [wrongValue(["environment", "backups", "keepFinal"], says)];
		},
	},
	{
		key: "databases.NAME.automaticBackups",
		forbids: "`false`, but for a replica, whose data is its primary's",
		judgedBy: (draft) => primaries(draft).flatMap(([at, one]) => refuseFalse(at, "automaticBackups", one)),
	},
	{
		key: "databases.NAME.finalBackup",
		forbids: "`false`, but for a replica",
		judgedBy: (draft) => primaries(draft).flatMap(([at, one]) => refuseFalse(at, "finalBackup", one)),
	},
	{
		key: "databases.NAME.endpoints.NAME",
		forbids: "one that is open to everyone: neither `internal` nor with an `ipFilter` that excludes somebody",
		judgedBy: (draft) => entries(draft.databases, "databases").flatMap(([at, one]) => checkOpenEndpoints(at, one)),
	},
	{
		key: "apps.NAME.image",
		forbids: "the tag `latest`",
		judgedBy: (draft) =>
			apps(draft).flatMap(([at, { image }]) => {
				if (image === undefined || !/:latest(?:@|$)/.test(image)) return [];
				const says =
					"is not allowed with phi: true, as nobody can say later what ran; give the tag of one release, or a digest";
				return [wrongValue([...at, "image"], says)];
			}),
	},
	{
		key: "apps.NAME.git.commitish",
		forbids: "a branch",
		judgedBy: (draft) =>
			apps(draft).flatMap(([at, { git }]) => {
				if (git?.commitish === undefined || /^[0-9a-f]{7,40}$/.test(git.commitish)) return [];
				const says =
					"is not allowed with phi: true, as a branch moves and nobody can say later what ran; give the commit, 7 to 40 hexadecimal digits";
				return [wrongValue([...at, "git", "commitish"], says)];
			}),
	},
	{
		key: "apps.NAME.config.NAME",
		forbids: "the URL of Redis' unencrypted credentials, and its parts",
		judgedBy: (draft) => listTemplates(draft).flatMap(({ place, template }) => checkEncryption(place, template, draft)),
	},
	{
		key: "apps.NAME.endpoints.NAME.sslProtocols",
		forbids: "TLS below 1.2, and so `default`",
		judgedBy: (draft) =>
			appEndpoints(draft).flatMap(([at, { kind, sslProtocols: given }]) => {
				if (given === undefined || !isBelowTls12(given)) return [];
				const all = kind === "tls" || kind === "grpc" ? classicSslProtocols : sslProtocols;
				const allowed = all.filter((one) => !isBelowTls12(one)).map((one) => JSON.stringify(one));
				const says = `admits TLS below 1.2, which phi: true rules out; allowed: ${allowed.join(", ")}`;
				return [wrongValue([...at, "sslProtocols"], says)];
			}),
	},
	{
		key: "apps.NAME.endpoints.NAME.disableWeakCipherSuites",
		forbids: "`false`",
		judgedBy: (draft) =>
			appEndpoints(draft).flatMap(([at, { disableWeakCipherSuites }]) =>
				disableWeakCipherSuites === false
					? [wrongValue([...at, "disableWeakCipherSuites"], "admits RC4, which phi: true rules out; remove the line")]
					: [],
			),
	},
	{
		key: "apps.NAME.endpoints.NAME.forceSsl",
		forbids: "`false`",
		judgedBy: (draft) =>
			appEndpoints(draft).flatMap(([at, { forceSsl }]) => {
				if (forceSsl !== false) return [];
				const says = "lets health information through in the open, which phi: true rules out; remove the line";
				return [wrongValue([...at, "forceSsl"], says)];
			}),
	},
	{
		key: "metricDrains.NAME.url",
		forbids: "an `http://` address",
		judgedBy: (draft) =>
			entries(draft.metricDrains, "metricDrains").flatMap(([at, drain]): Mistake[] => {
				if (!("url" in drain) || drain.url === undefined) return [];
				if (!/^\s*http:/i.test(fillSecrets(drain.url, draft) ?? "")) return [];
				const says = "is an http:// address, which phi: true rules out; give the https:// one";
				return [{ place: [...at, "url"], says, about: "nothing" }];
			}),
	},
	{
		key: "storage.redundancy",
		forbids: "copies in one region only (`LRS`, `ZRS`); in a region without a pair, `LRS`",
		judgedBy: ({ storage }) => {
			const { location, redundancy, existing } = storage ?? {};
			if (redundancy === undefined || existing === "reference" || redundancy.includes("G")) return [];
			const region = location === undefined ? undefined : lookUp(regions, location);
			const offered = region === undefined ? [] : redundanciesOf(region);
			const geo = offered.filter((name) => name.includes("G"));
			// Three zones are the most that Azure has there.
			const allowed = region !== undefined && geo.length === 0 ? offered.filter((name) => name === "ZRS") : geo;
			if (allowed.includes(redundancy)) return [];
			const says = `keeps everything in one ${allowed.includes("ZRS") ? "place" : "region"}, which phi: true rules out; allowed: ${allowed.join(", ")}`;
			const near = suggest(allowed.includes("ZRS") ? "ZRS" : redundancy === "ZRS" ? "GZRS" : "GRS");
			return [wrongValue(["storage", "redundancy"], says + near)];
		},
	},
	{
		key: "storage.versioning",
		forbids: "`false`",
		judgedBy: ({ storage }) => {
			if (storage?.versioning !== false || storage.existing === "reference") return [];
			const says = "loses what an overwrite replaces, which phi: true rules out; remove the line";
			return [wrongValue(["storage", "versioning"], says)];
		},
	},
	{
		key: "storage.logs",
		forbids: "none",
		judgedBy: ({ storage }) => {
			if (storage === undefined || storage.existing === "reference" || "logs" in storage) return [];
			const says =
				"is missing, and phi: true asks for a record of who read and wrote what; give logs: { workspace: NAME }, or { workspaceId: ID }";
			return [{ place: ["storage", "logs"], says, about: "nothing" }];
		},
	},
	{
		key: "storage.cors.NAME.origins",
		forbids: "`*` and `http://` origins",
		judgedBy: ({ storage }) =>
			entries(storage?.cors, "storage", "cors").flatMap(([at, rule]) => checkOrigins(at, rule)),
	},
	{
		key: "storage.protect",
		forbids: "`false`",
		judgedBy: ({ storage }) => {
			if (storage?.protect !== false) return [];
			const says = "would let pulumi destroy delete every file, which phi: true rules out; remove the line";
			return [wrongValue(["storage", "protect"], says)];
		},
	},
];

/** Judges what is forbidden to a stage with health information. */
export function checkPhi(draft: Draft): Mistake[] {
	if (draft.environment?.phi !== true) return [];
	return phiRules.flatMap(({ judgedBy }) => (typeof judgedBy === "function" ? judgedBy(draft) : []));
}

type DatabaseDraft = NonNullable<NonNullable<Draft["databases"]>[string]>;

/** The entries of a block that can be judged, with their places. */
function entries<T>(block: Readonly<Record<string, T | undefined>> | undefined, ...at: Place): [Place, T][] {
	return Object.entries(block ?? {}).flatMap(([name, one]): [Place, T][] =>
		one === undefined ? [] : [[[...at, name], one]],
	);
}

const apps = (draft: Draft) => entries(draft.apps, "apps");

const appEndpoints = (draft: Draft) =>
	apps(draft).flatMap(([at, { endpoints }]) => entries(endpoints, ...at, "endpoints"));

const primaries = (draft: Draft) =>
	entries(draft.databases, "databases").filter(([, { replicaOf }]) => replicaOf === undefined);

function refuseFalse<Key extends string>(at: Place, key: Key, block: { [K in Key]?: boolean | undefined }): Mistake[] {
	if (block[key] !== false) return [];
	return [wrongValue([...at, key], "is not allowed with phi: true; remove the line")];
}

/** An endpoint of a database is open to the whole world by itself (facts/aptible.md §3.3). */
function checkOpenEndpoints(at: Place, database: DatabaseDraft): Mistake[] {
	return entries(database.endpoints, ...at, "endpoints").flatMap(([place, endpoint]): Mistake[] => {
		const isInternal = endpoint.internal === true || ("internal" in endpoint && endpoint.internal === undefined);
		if (isInternal) return [];
		if ("ipFilter" in endpoint && endpoint.ipFilter?.length !== 0) {
			const why = "which phi: true rules out";
			return checkWidth([...place, "ipFilter"], endpoint.ipFilter, why, ", or internal: true");
		}
		const says =
			"opens a database with health information to the whole internet, which phi: true rules out; give it ipFilter: with who may connect, or internal: true";
		return [{ place, says, about: "name" }];
	});
}

/** Every page there is, and pages that are not encrypted on their way, may not use the files from a browser. */
function checkOrigins(
	at: Place,
	{ origins = [] }: { origins?: readonly (string | undefined)[] | undefined },
): Mistake[] {
	return origins.flatMap((value, index): Mistake[] => {
		if (value !== "*" && value?.startsWith("http://") !== true) return [];
		const whom = value === "*" ? "the scripts of every page" : "pages that anybody on their way can change";
		const says = `lets ${whom} use the files, which phi: true rules out; give https:// origins`;
		return [wrongValue([...at, "origins", index], says)];
	});
}

/** Aptible docs, Redis: the plain credentials are not for sensitive or regulated information. */
function checkEncryption(place: Place, template: string, draft: Draft): Mistake[] {
	return referencesOf(template).flatMap((reference): Mistake[] => {
		const wanted = readDatabaseReference(reference);
		if (wanted === undefined || (wanted.credential ?? "redis") !== "redis") return [];
		if (lookUp(draft.databases ?? {}, wanted.database)?.type !== "redis") return [];
		const instead = writeReference({ ...wanted, credential: "redis+ssl" });
		const says = `"\${${reference}}" is not encrypted on its way, which phi: true forbids; write \${${instead}}`;
		return [{ place, says, about: "nothing" }];
	});
}

/** What is wrong with a template is said where templates are checked. */
function referencesOf(template: string): string[] {
	try {
		return references(template);
	} catch (error) {
		if (error instanceof TemplateError) return [];
		throw error;
	}
}

/** Whether a choice of protocols, in Aptible's words, admits TLS below 1.2; `default` leaves it to Aptible, which does. */
export function isBelowTls12(protocols: string): boolean {
	return /^default$|TLSv1(?:\.1)?(?: |$)/.test(protocols);
}
