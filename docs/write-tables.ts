/**
 * `npm run docs`: writes the tables of docs/configuration/ that come from the program, each between `<!-- generated: NAME -->` and
 * `<!-- end -->`, and the schemas for editors. Everything else on the pages is written by hand. Tests hold that all is as this leaves it.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { redundanciesOf, regions } from "../config/azure/regions.ts";
import { databaseTypes, retiredConfig } from "../config/catalogue.ts";
import { kindsOf } from "../config/endpoint-kind-rules.ts";
import { phiRules } from "../config/phi.ts";
import { containerSizesMb } from "../config/sizes.ts";
import { type DrainKinds, logDrainKinds, metricDrainKinds } from "../wire/drain-kinds.ts";
import { type AppEndpointKind, appEndpointKinds } from "../wire/endpoint-settings.ts";
import { lookUp } from "../wire/own.ts";
import { credentialTypes, partsByType } from "../wire/references.ts";
import { readStageKeys, type StageKey } from "./stage-keys.ts";
import { schemaFiles } from "./stage-schema.ts";

/** Folder of the pages. */
export const folder = join(import.meta.dirname, "configuration");

/** Files of the pages. */
export function pages(): string[] {
	return readdirSync(folder).filter((file) => file.endsWith(".md"));
}

/** Tables by their names in the marks. `keys of SECTION` lists the keys of one block of a stage file. */
export function tables(): ReadonlyMap<string, string> {
	const keys = readStageKeys();
	const sections = [...new Set(keys.map(({ section }) => section))];
	return new Map([
		...sections.map(
			(section) => [`keys of ${section}`, keyTable(keys.filter((key) => key.section === section))] as const,
		),
		["phi", phi()],
		["endpoint kinds", endpointKinds()],
		["container sizes", containerSizes()],
		["log drain kinds", drainKinds("log drain", logDrainKinds)],
		["metric drain kinds", drainKinds("metric drain", metricDrainKinds)],
		["database versions", databaseVersions()],
		["database parts", databasePartsTable()],
		["retired variables", retiredVariables()],
		["regions", regionTable()],
	]);
}

/**
 * A page with its tables as the program has them.
 *
 * @throws Error where a mark names no table, or has no end.
 */
export function withTables(page: string): string {
	const known = tables();
	return page.replace(
		/^<!-- generated: (.+) -->\n(?:[\s\S]*?^(<!-- (?:end|generated: .+) -->)$)?/gm,
		(_, name: string, end?: string) => {
			const generated = known.get(name);
			if (generated === undefined) throw new Error(`no table is called "${name}"`);
			if (end !== "<!-- end -->") throw new Error(`the table "${name}" has no <!-- end -->`);
			return `<!-- generated: ${name} -->\n\n${generated}\n<!-- end -->`;
		},
	);
}

function regionTable(): string {
	return table(
		["Region", "Redundancies", "Paired region", "Lacks"],
		Object.entries(regions).map(([name, region]) => {
			const lacks = [
				...(region.hasZones ? [] : ["zones"]),
				...(region.pair === undefined ? ["a pair"] : []),
				...(region.isRestricted ? ["open access: a subscription asks for it"] : []),
			];
			const pair = region.pair === undefined ? "" : `\`${region.pair}\``;
			const offered = redundanciesOf(region).map((one) => `\`${one}\``);
			return [`\`${name}\``, offered.join(", "), pair, lacks.join(", ")];
		}),
	);
}

function keyTable(keys: readonly StageKey[]): string {
	return table(
		["Key", "Allowed", "Default", "What it is", "Changes in place"],
		keys.map(({ key, allowed, otherwise, description, inPlace }) => [
			`\`${key}\``,
			allowed,
			otherwise,
			description,
			inPlace,
		]),
	);
}

function phi(): string {
	const rows = phiRules.map(({ key, forbids, judgedBy }) => [
		`\`${key}\``,
		forbids,
		typeof judgedBy === "function" ? "in the preview" : judgedBy.when,
	]);
	return table(["Key", "Forbidden", "Checked"], rows);
}

const endpointKindDocs: Readonly<Record<AppEndpointKind, readonly [does: string, address: string]>> = {
	https: ["HTTP behind TLS", "one of the four below"],
	grpc: ["gRPC behind TLS", "one of the four below"],
	tls: ["TCP behind TLS", "one of the four below"],
	tcp: ["plain TCP", "none, or `defaultDomain: true`"],
};

/** Each kind with the keys that not every kind has, those of its address aside. */
function endpointKinds(): string {
	const ofAddress = ["managedTls", "certificate", "certificateFingerprint"];
	const own = Object.entries(kindsOf).filter(
		([key, kinds]) => kinds.length < appEndpointKinds.length && !ofAddress.includes(key),
	);
	const rows = appEndpointKinds.map((kind) => {
		const keys = own.flatMap(([key, kinds]) => (kinds.includes(kind) ? [`\`${key}\``] : []));
		return [`\`${kind}\``, ...endpointKindDocs[kind], keys.join(", ")];
	});
	return table(["Kind", "What it is", "Address", "Keys of its own"], rows);
}

/** Each kind of drain with its keys. */
function drainKinds(noun: string, kinds: DrainKinds): string {
	const rows = Object.entries(kinds).map(([kind, { fields }]) => {
		const keys = Object.entries(fields).map(
			([name, { page }]) => `\`${name}\`${page === undefined ? "" : `: ${page}`}`,
		);
		return [`\`${kind}\``, keys.join(", ")];
	});
	return table([`Kind of ${noun}`, "Keys"], rows);
}

function containerSizes(): string {
	const rows = Object.entries(containerSizesMb).map(([profile, sizes]) => [`\`${profile}\``, sizes.join(", ")]);
	return table(["Profile", "Sizes in MB"], rows);
}

function databaseVersions(): string {
	const rows = Object.entries(databaseTypes).map(([type, { offered, deprecated }]) => [
		`\`${type}\``,
		offered.join(", ") || "not checked",
		Object.entries(deprecated)
			.map(([version, since]) => `${version} (${since})`)
			.join(", ") || "none",
	]);
	return table(["Type", "Versions", "No longer created, since"], rows);
}

/** Each type of database with its credentials and the parts of their URLs. */
function databasePartsTable(): string {
	const types = Object.keys(partsByType);
	const rows = types.map((type) => [
		`\`${type}\``,
		(lookUp(credentialTypes, type) ?? [type]).map((one) => `\`${one}\``).join(", "),
		(lookUp(partsByType, type) ?? []).map((part) => `\`${part}\``).join(", "),
	]);
	return table(["Type", "Credentials, the default ones first", "Parts"], rows);
}

function retiredVariables(): string {
	return table(
		["Variable", "Now"],
		Object.entries(retiredConfig).map(([name, now]) => [
			`\`${name}\``,
			now.replace(/\b(?:[a-z]+[A-Z]\w*|registry\.\w+|image)\b/g, "`$&`"),
		]),
	);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
	return [line(head), `|${"---|".repeat(head.length)}\n`, ...rows.map(line)].join("");
}

if (import.meta.main) {
	for (const page of pages()) {
		const file = join(folder, page);
		writeFileSync(file, withTables(readFileSync(file, "utf8")));
	}
	for (const [file, text] of schemaFiles()) writeFileSync(join(import.meta.dirname, "..", file), text);
}
