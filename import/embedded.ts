/** Addresses inside longer texts: lists of hosts, and connection strings that are no URL. */

import { literal } from "../wire/template.ts";
import { databasePorts, hasPart } from "./databases.ts";
import { appHost, connectionPart, leftOut, type Naming, type Translated } from "./reach.ts";
import type { DatabasePart } from "./references.ts";
import type { DatabaseRole } from "./roles.ts";
import { isSecretText } from "./secrets.ts";

/** A value with what it names replaced; undefined where it names nothing, or has a secret of somebody else's beside that. */
export function embedded(value: string, naming: Naming): Translated | undefined {
	return keyValues(value, naming) ?? addresses(value, naming);
}

const keys: readonly (readonly [names: RegExp, part: DatabasePart])[] = [
	[/^(host|server|data source|address|addr)$/i, "host"],
	[/^port$/i, "port"],
	[/^(user|user ?id|uid|username)$/i, "user"],
	[/^(password|pwd)$/i, "password"],
	[/^(dbname|database|initial catalog)$/i, "name"],
];

/** `host=db port=5432 user=app`, as libpq takes it, and `Server=db;Database=app;Uid=app`, as .NET does. */
function keyValues(value: string, { names, phi }: Naming): Translated | undefined {
	const separator = value.includes(";") ? ";" : " ";
	const pairs = value.split(separator).map((pair) => pair.split(/=(.*)/s) as [string, string?]);
	const partOf = (key: string) => keys.find(([pattern]) => pattern.test(key.trim()))?.[1];
	const hosts = pairs.flatMap(([key, given = ""]) => (partOf(key) === "host" ? [given.trim()] : []));
	const role = hosts.length === 1 ? names.get(hosts[0] ?? "") : undefined;
	if (pairs.length < 2 || role?.kind !== "database") return undefined;
	const texts = pairs.map(([key, given]) => {
		const part = partOf(key);
		return part === undefined || given === undefined || !hasPart(role.managed.type, part)
			? undefined
			: `${key}=${connectionPart(role, part, phi)}`;
	});
	const kept = pairs.map(
		([key, given], index) => texts[index] ?? literal(given === undefined ? key : `${key}=${given}`),
	);
	const others = pairs.filter((_, index) => texts[index] === undefined).map((pair) => pair.join("="));
	if (others.some(isSecretText)) return undefined;
	return {
		outcome: "mapped",
		says: `connection of database ${role.handle} from its parts`,
		text: kept.join(separator),
	};
}

/** Hosts with their ports, and what stands before and behind them in `user:password@tcp(host:port)/name`. */
function addresses(value: string, naming: Naming): Translated | undefined {
	const says: string[] = [];
	let isOpen = false;
	let text = "";
	let own = "";
	let at = 0;
	for (const match of value.matchAll(/(?<![\w.-])([A-Za-z0-9][\w.-]*):(\d{2,5})(?![\w.])/g)) {
		const [whole, host = "", port] = match;
		const role = naming.names.get(host);
		if (role === undefined || match.index < at) continue;
		const before = value.slice(at, match.index);
		// Behind it a reference would be text.
		if (before.endsWith("$"))
			return {
				outcome: "decide",
				says: `a $ stands right before ${host}, for which a stage file has no form; write it otherwise`,
			};
		if (role.kind === "left out") return leftOut(role.service);
		if (role.kind === "database") {
			if (!(databasePorts[role.managed.type] ?? []).includes(Number(port))) continue;
			const connection = connectionOf(role, naming.phi, before, value.slice(match.index + whole.length));
			text += literal(connection.before) + connection.text;
			own += connection.before;
			at = match.index + whole.length + connection.taken;
			says.push(connection.says);
			continue;
		}
		const reached = appHost(role.service, Number(port), naming.reach);
		if (reached.text === undefined) return reached;
		isOpen ||= reached.outcome === "decide";
		text += literal(before) + reached.text;
		own += before;
		at = match.index + whole.length;
		says.push(reached.says);
	}
	const rest = value.slice(at);
	if (says.length === 0 || isSecretText(own) || isSecretText(rest)) return undefined;
	return { outcome: isOpen ? "decide" : "mapped", says: [...new Set(says)].join("; "), text: text + literal(rest) };
}

/** @returns what stays before it, its text, and how many characters behind the port are in that */
function connectionOf(
	role: DatabaseRole,
	phi: boolean,
	before: string,
	behind: string,
): { before: string; text: string; taken: number; says: string } {
	const { handle } = role;
	const part = (one: DatabasePart) => connectionPart(role, one, phi);
	const address = `${part("host")}:${part("port")}`;
	const [credentials, , , net = ""] = /([^\s:@/;,]+):([^\s@/]*)@(\w+\()?$/.exec(before) ?? [];
	if (credentials === undefined)
		return { before, text: address, taken: 0, says: `host and port of database ${handle}` };
	const [path = "", bracket = ""] = /^(\)?)\/[\w-]+/.exec(behind) ?? [];
	const isNamed = path !== "" && hasPart(role.managed.type, "name");
	const name = isNamed ? `${bracket}/${part("name")}` : "";
	return {
		before: before.slice(0, -credentials.length),
		text: `${part("user")}:${part("password")}@${net}${address}${name}`,
		taken: isNamed ? path.length : 0,
		says: `connection of database ${handle} from its parts`,
	};
}
