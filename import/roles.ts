/** What each service becomes: a managed database, a service of an app, or nothing. */
import { handlePattern } from "../config/shared-fields.ts";
import { type Credential, credentialOf, findManaged, type ManagedDatabase } from "./databases.ts";
import { readImage, replacedBy } from "./images.ts";
import type { Service } from "./service.ts";

/** A service that becomes a managed database. */
export interface DatabaseRole {
	kind: "database";
	service: Service;
	handle: string;
	managed: ManagedDatabase & { version: string };
	/** What the file sets, by which its values are found elsewhere. */
	credentials: Partial<Record<Credential, string>>;
}

export interface AppRole {
	kind: "app";
	service: Service;
}

/** A service that is left out, and why. */
export interface LeftOutRole {
	kind: "left out";
	service: Service;
	outcome: "decide" | "dropped";
	says: string;
}

export type Role = DatabaseRole | AppRole | LeftOutRole;

/** A name of somebody else's as a handle of Aptible's. */
export function toHandle(name: string): string {
	const handle = name
		.toLowerCase()
		.replace(/[^0-9a-z._-]+/g, "-")
		.replace(/^[^0-9a-z]+|[^0-9a-z]+$/g, "")
		.slice(0, 64);
	return handlePattern.test(handle) ? handle : "imported";
}

/** The handle, or one like it that is not taken; it is taken then. */
export function takeHandle(wanted: string, taken: Set<string>): string {
	let handle = wanted;
	for (let turn = 2; taken.has(handle); turn += 1) handle = `${wanted.slice(0, 60)}-${turn}`;
	taken.add(handle);
	return handle;
}

/** What starts the server in an image of a database. */
const server =
	/\b(postgres|mysqld|mysqld_safe|mariadbd|(redis|valkey|keydb|redis-stack)-server|dragonfly|mongod|rabbitmq-server|influxd|elasticsearch|opensearch|eswrapper|(docker-)?entrypoint(\.sh)?)\b/;

/** Whether an image of a database has another work here: a dump, a script that runs once. What keeps files is the server. */
function runsClient({ command, entrypoint, mounts, isOneShot, field }: Service): boolean {
	// Others wait for its end.
	if (isOneShot === field) return true;
	const words = [...(entrypoint?.words ?? []), ...(command?.words ?? [])];
	const [first] = words;
	if (first === undefined || first.startsWith("-") || server.test(words.join(" "))) return false;
	return !mounts.some(({ mount }) => mount.kind === "volume");
}

export function roleOf(service: Service): Role {
	const name = service.image && readImage(service.image.text);
	if (name === undefined) return { kind: "app", service };
	const managed = runsClient(service) ? undefined : findManaged(name);
	if (managed !== undefined) {
		const { version } = managed;
		if (version === undefined) return { kind: "left out", service, outcome: "decide", says: managed.says };
		const known = service.variables.flatMap(({ name: variable, value }) => {
			const credential = credentialOf(variable);
			return credential === undefined || value === undefined ? [] : [[credential, value] as const];
		});
		const asked = /--requirepass[\s=]+(\S+)/.exec(service.command?.words.join(" ") ?? "")?.[1];
		const credentials: Partial<Record<Credential, string>> = {
			...(asked === undefined ? {} : { password: asked }),
			...Object.fromEntries(known),
		};
		// The image's own default (docs of postgres).
		if (managed.type === "postgresql") credentials.user ??= "postgres";
		return { kind: "database", service, handle: toHandle(service.name), managed: { ...managed, version }, credentials };
	}
	const replaced = replacedBy(name);
	return replaced === undefined ? { kind: "app", service } : { kind: "left out", service, ...replaced };
}

/** Each name by which services find a service. */
export function namesOf(roles: readonly Role[]): Map<string, Role> {
	const names = new Map<string, Role>();
	for (const role of roles) for (const alias of role.service.aliases) names.set(alias, role);
	for (const role of roles) names.set(role.service.name, role);
	for (const { service: linking } of roles) {
		for (const { service, alias } of linking.links) {
			const linked = roles.find((role) => role.service.name === service);
			if (linked !== undefined && !names.has(alias)) names.set(alias, linked);
		}
	}
	return names;
}
