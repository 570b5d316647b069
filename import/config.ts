/** The config of an app from the variables of its services. */
import { ownAptibleConfig, retiredConfig } from "../config/catalogue.ts";
import { FoundSecrets } from "../stage-file/secrets.ts";
import { lookUp } from "../wire/own.ts";
import { literal, parseTemplate } from "../wire/template.ts";
import type { App, AppService } from "./apps.ts";
import { placeOf, say, secretsIn } from "./compose/source.ts";
import { connectionPart, type Naming, type Translated } from "./reach.ts";
import { isSecretName, isSecretText, looksSecret } from "./secrets.ts";
import type { Service, Variable } from "./service.ts";
import { Connections, translateAddress, translateCredential } from "./values.ts";

/**
 * Secrets of the stage. A value is known by the variable that had it, so that two variables that happen to be alike, as two
 * passwords of an example are, are two secrets; the value itself is kept nowhere.
 */
export class ImportedSecrets {
	readonly #found = new FoundSecrets();

	refer(name: string, variable: string, value: string, place: string): string {
		return this.#found.refer(name, `${variable}=${value}`, place);
	}

	/** Names with the places of their values in the input. */
	entries(): [name: string, place: string][] {
		return this.#found.entries().map(([name, { place }]) => [name, place]);
	}
}

/** Config of an app; what becomes of each variable is said of it, and of each service which it did not have. */
export function configOf({ handle, services }: App, naming: Naming, secrets: ImportedSecrets): Record<string, string> {
	const config = new Map<string, string>();
	const own = new Map<AppService, Set<string>>();
	for (const one of services) {
		const { service } = one;
		const names = new Set<string>();
		own.set(one, names);
		const connections = new Connections(service, naming);
		const files = new SecretFiles(service);
		for (const variable of service.variables) {
			const { field } = variable;
			const [to, result] = translate(variable, { connections, files, naming, secrets });
			say(field, result.outcome, result.says);
			// What is said of a variable says what is missing of it too.
			for (const source of field.sources) source.open = undefined;
			if (result.text === undefined) continue;
			names.add(to);
			if (config.has(to) && config.get(to) !== result.text)
				say(field, "decide", `${to} of the app has another value already, which stays`);
			else config.set(to, result.text);
		}
		sayMissingPasswords(service, connections);
		for (const [to, text] of files.rest(connections, secrets)) {
			names.add(to);
			if (!config.has(to)) config.set(to, text);
		}
	}
	for (const [one, names] of own) sayGained(handle, one, new Map([...config].filter(([name]) => !names.has(name))));
	return Object.fromEntries(config);
}

/** An app has one config, so that each of its services has the variables of all. */
function sayGained(handle: string, { processType, service }: AppService, gained: ReadonlyMap<string, string>): void {
	if (gained.size === 0) return;
	const isSecret = (text: string) => /\$\{(secrets|databases)\./.test(text);
	const plain = [...gained].filter(([, text]) => !isSecret(text)).map(([name]) => name);
	const secret = [...gained].filter(([, text]) => isSecret(text)).map(([name]) => name);
	if (secret.length === 0) {
		say(service.field, "mapped", `it gets ${plain.join(", ")} of the app's other services too`);
		return;
	}
	const rest = plain.length === 0 ? "" : `, and ${plain.join(", ")}`;
	const says = `service ${processType} of app ${handle} gets ${secret.join(", ")}, with a secret or a way to data${rest}, which it did not have, as an app has one config: look whether it may (docs/import.md#services-of-one-image)`;
	say(service.field, "decide", says);
}

type Result = Omit<Translated, "outcome"> & { outcome: Translated["outcome"] | "dropped" };

interface Means {
	connections: Connections;
	files: SecretFiles;
	naming: Naming;
	secrets: ImportedSecrets;
}

/** @returns the name of the variable in the stage file, and what becomes of it */
function translate(variable: Variable, means: Means): [name: string, result: Result] {
	const { name, value, unset, written, field } = variable;
	const refused = refuseName(name);
	if (refused !== undefined) return [name, { outcome: "decide", says: refused }];
	const isFile = means.files.has(value);
	const to = isFile && /_FILE$/.test(name) ? name.slice(0, -"_FILE".length) : name;
	const reference =
		translateCredential(variable, means.connections) ?? (isFile ? undefined : translateAddress(variable, means.naming));
	const filled = [...secretsIn(field), ...means.naming.secrets];
	const isFilled = () => secretsIn(field).length > 0 || filled.some((secret) => value?.includes(secret));
	if (reference !== undefined) {
		if (isFile) means.files.take(value);
		if (hasSecretBeside(reference.text ?? "", filled)) {
			const says = `${reference.says}; what looks like a secret stands beside it, so that it is not written: write it with \${secrets.NAME} in the secret's place`;
			return [to, { outcome: "decide", says }];
		}
		return [to, to === name ? reference : { ...reference, says: `${to}: ${reference.says}` }];
	}
	if (isFile && to !== name) {
		const text = means.files.refer(value, to, means.secrets);
		return [to, { outcome: "mapped", says: `${to}: the secret itself, as no file is mounted on Aptible`, text }];
	}
	if (isFile)
		return [
			name,
			{ outcome: "decide", says: "it names a file of a secret, and no file is mounted on Aptible; see the secret" },
		];
	const place = `${field.sources.at(-1)?.path}, ${placeOf(field)}`;
	const refer = (says: string): Result => ({
		outcome: "mapped",
		says,
		text: means.secrets.refer(name, name, value ?? written, place),
	});
	if (unset.length > 0 || value === undefined) {
		if (isSecretName(name) && (value === undefined || value === ""))
			return [name, refer("a secret, whose value is not in the file")];
		return [
			name,
			{
				outcome: "decide",
				says:
					field.sources.at(-1)?.open ??
					`${name} has no value here; give an --env-file that has one, or write it into the stage file`,
			},
		];
	}
	if (value === "") return [name, { outcome: "dropped", says: "it is empty, and Aptible deletes a variable that is" }];
	if (looksSecret(name, value) || isFilled()) return [name, refer("a secret")];
	if (/\b(localhost|127\.0\.0\.1)\b/.test(value)) {
		return [
			name,
			{
				outcome: "decide",
				says: "it names localhost, where on Aptible nothing else runs; what people and other apps call is an endpoint",
				text: literal(value),
			},
		];
	}
	return [name, { outcome: "mapped", says: "config of the app", text: literal(value) }];
}

/** @param filled secrets that may stand in it */
function hasSecretBeside(text: string, filled: readonly string[]): boolean {
	const plain = parseTemplate(text).filter((part) => typeof part === "string");
	return plain.some(
		(part) => isSecretText(part) || filled.some((secret) => secret.length > 2 && part.includes(secret)),
	);
}

function refuseName(name: string): string | undefined {
	const setting = lookUp(retiredConfig, name);
	if (setting !== undefined) return `is no variable any more on Aptible; set ${setting}`;
	if (name.startsWith("APTIBLE_") && name !== ownAptibleConfig)
		return "is a name that Aptible sets itself; it is left out";
	if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return undefined;
	const near = name.toUpperCase().replace(/[.-]/g, "_");
	const spring = /^[a-z][\w.-]*$/.test(name) ? `; Spring reads ${near} for it` : "";
	return `is no name of a variable on Aptible, which has letters, digits and _${spring}`;
}

/** A database that is reached by its host needs the rest of the connection too: Aptible's always asks for a password. */
function sayMissingPasswords(service: Service, connections: Connections): void {
	const given = service.variables.map((variable) => connections.find(variable));
	for (const { role, variable } of connections.hosts) {
		if (given.some((one) => one?.role === role && (one.part === "password" || one.part === "root"))) continue;
		const rest = connectionPart(role, "password", connections.phi);
		say(
			variable.field,
			"decide",
			`the service has no variable for its password, for which Aptible's database asks; give it ${rest}, or the URL`,
		);
	}
}

/** Secrets that a service has as files, which on Aptible are variables. */
class SecretFiles {
	readonly #service: Service;
	readonly #taken = new Set<string>();

	constructor(service: Service) {
		this.#service = service;
	}

	has(path: string | undefined): path is string {
		return this.#service.secrets.some((one) => one.path === path);
	}

	take(path: string): void {
		this.#taken.add(path);
	}

	refer(path: string, variable: string, secrets: ImportedSecrets): string {
		this.take(path);
		const found = this.#service.secrets.find((one) => one.path === path);
		const place = found === undefined ? path : `secret ${found.name}, ${placeOf(found.field)}`;
		return secrets.refer(found?.name ?? variable, path, "", place);
	}

	/** Variables for those that no variable names the file of; a database's own password is a reference to it. */
	rest(connections: Connections, secrets: ImportedSecrets): [name: string, text: string][] {
		return this.#service.secrets.flatMap(({ name, path, field }): [string, string][] => {
			if (this.#taken.has(path)) {
				say(field, "mapped", "a variable has it in place of the file");
				return [];
			}
			const variable = name
				.toUpperCase()
				.replace(/[^A-Z0-9]/g, "_")
				.replace(/^(?=\d)/, "_");
			const database = connections.withPassword(path);
			const has = database === undefined ? "has it" : `has the password of database ${database.handle}`;
			say(
				field,
				"decide",
				`there is no file ${path} on Aptible; the variable ${variable} ${has}: let the app read that, or write the file before it starts`,
			);
			const text =
				database === undefined
					? this.refer(path, variable, secrets)
					: connectionPart(database, "password", connections.phi);
			return [[variable, text]];
		});
	}
}
