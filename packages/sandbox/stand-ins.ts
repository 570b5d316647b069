/** What stands in for secrets of a stage that no key here opens, in the form that the place wants which refers to them. */
import { makeCertificate } from "./azure/certificate.ts";

/** Blocks of a stage, of which nothing is checked. */
export type Block = Record<string, unknown>;

/** A reference that could be set: `$${` is no reference, and what has another form is the program's to refuse. */
const reference = /(?<!\$)\$\{\s*secrets\.([a-z][A-Za-z0-9]*)\s*\}/g;

/** What is a block, and else an empty one. */
export function blockOf(value: unknown): Block {
	return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Block) : {};
}

/** Names of the secrets to which texts of a stage refer, each once. */
export function listReferred(stage: unknown): string[] {
	if (typeof stage === "string") return [...new Set([...stage.matchAll(reference)].map(([, name = ""]) => name))];
	if (typeof stage !== "object" || stage === null) return [];
	return [...new Set(Object.values(stage).flatMap(listReferred))];
}

/** Stand-ins by the names of the secrets. The address of a drain and a certificate with its key are looked into before they are used. */
export function makeStandIns(stage: Block, names: readonly string[]): Record<string, string> {
	const addresses = [stage.logDrains, stage.metricDrains].flatMap((drains) =>
		Object.values(blockOf(drains)).map((drain) => soleReference(blockOf(drain).url)),
	);
	const special = {
		...Object.fromEntries(addresses.map((name) => [name, `https://${standInFor(name)}.example`])),
		...makeCertificates(stage),
	};
	return Object.fromEntries(names.map((name) => [name, special[name] ?? standInFor(name)]));
}

/** Whether a value was made here. */
export function isStandIn(name: string, value: string): boolean {
	const text = standInFor(name);
	return [text, `https://${text}.example`].includes(value) || value.endsWith(`\n${text}\n`);
}

function standInFor(name: string): string {
	return `stand-in-for-${name}`;
}

function makeCertificates({ apps }: Block): Record<string, string> {
	const endpoints = Object.values(blockOf(apps)).flatMap((app) => Object.values(blockOf(blockOf(app).endpoints)));
	const asked = endpoints.map(blockOf).map(({ domain, certificate }) => ({
		domain: typeof domain === "string" ? domain : "localhost",
		chain: soleReference(blockOf(certificate).chain),
		key: soleReference(blockOf(certificate).key),
	}));
	const pairs = new Map(asked.filter(({ chain }) => chain !== "").map(({ chain, key }) => [chain, key]));
	return Object.fromEntries(
		[...pairs].flatMap(([chain, key]) => {
			const domains = asked.filter((one) => one.chain === chain).map(({ domain }) => domain);
			const made = makeCertificate(undefined, undefined, domains);
			// What stands behind the PEM is not read.
			return [
				[chain, `${made.certificate}${standInFor(chain)}\n`],
				[key, `${made.key}${standInFor(key)}\n`],
			];
		}),
	);
}

/** The secret that a text is, and nothing beside it; empty where it is something else. */
function soleReference(text: unknown): string {
	const [name = "", ...others] = listReferred(text);
	return typeof text === "string" && others.length === 0 && /^\$\{[^}]*\}$/.test(text) ? name : "";
}
