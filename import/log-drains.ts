/** Log drains from the `logging` of services: Docker sends what each of them prints, and Aptible what all apps write. */

import { type Block, lean } from "../stage-file/block.ts";
import { logDrainKinds } from "../wire/drain-kinds.ts";
import { type Field, fieldAt, fieldsOf, say, secretsIn, textOf } from "./compose/source.ts";
import { type Role, takeHandle } from "./roles.ts";

const page = "docs/configuration/drains.md#log-drains";

/** Docker's drivers that leave the lines on the host, or nowhere. */
const onHost = /^(json-file|local|journald|none)$/;

/** A destination that Aptible's drain of kind `syslog` reaches, with the services that log to it. */
interface Destination {
	host: string;
	port: number;
	from: { role: Role; field: Field }[];
}

/** Log drains by their names; what becomes of each `logging` that leads away from its host is said. */
export function drainsOf(roles: readonly Role[]): Record<string, Block> {
	const destinations = new Map<string, Destination>();
	const logging = roles.filter(({ kind }) => kind !== "left out");
	for (const role of logging) {
		const field = fieldAt(role.service.field, "logging");
		const read = field && readDestination(field);
		if (field === undefined || read === undefined) continue;
		const key = `${read.host}:${read.port}`;
		const known = destinations.get(key) ?? { ...read, from: [] };
		known.from.push({ role, field });
		destinations.set(key, known);
	}
	const taken = new Set<string>();
	return Object.fromEntries(
		[...destinations.values()].map((destination) => {
			const name = takeHandle("syslog", taken);
			return [name, drainBlock(name, destination, logging)];
		}),
	);
}

function drainBlock(name: string, { host, port, from }: Destination, all: readonly Role[]): Block {
	const hasDatabases = from.some(({ role }) => role.kind === "database");
	const isGiven = (role: Role) => from.some((one) => one.role === role);
	const others = all.filter((role) => !isGiven(role) && (hasDatabases || role.kind === "app"));
	for (const { field } of from) {
		const address = fieldAt(field, "options", "syslog-address");
		if (others.length === 0) {
			say(field, "mapped", `log drain ${name} takes it there (${page})`);
		} else {
			const names = others.map(({ service }) => service.name).join(", ");
			const whose = hasDatabases ? "all apps and databases" : "all apps";
			const says = `log drain ${name}: the file sends nothing there of ${names}, and a drain takes what ${whose} of the whole environment write; look whether whoever reads it there may see that (${page})`;
			say(field, "decide", says);
		}
		if (address !== undefined) say(address, "mapped", `log drain ${name}`);
	}
	// What Docker does not send, the file has not asked for.
	const sources = { databases: hasDatabases, ephemeralSessions: false, proxies: false };
	return { kind: "syslog", host, port, ...lean(sources, { databases: true }) };
}

/** @returns where it goes; undefined where it stays on the host, or a person has to say where, which is said then */
function readDestination(logging: Field): { host: string; port: number } | undefined {
	const driver = textOf(fieldAt(logging, "driver"));
	if (driver === undefined || onHost.test(driver)) return undefined;
	if (driver !== "syslog") {
		const kinds = Object.keys(logDrainKinds).join(", ");
		say(
			logging,
			"decide",
			`Aptible has no drain for ${driver}: declare a log drain of one of the kinds that it has, ${kinds} (${page})`,
		);
		return undefined;
	}
	const options = fieldAt(logging, "options");
	const given = fieldAt(options, "syslog-address");
	const address = given === undefined || secretsIn(given).length > 0 ? "" : (textOf(given) ?? "");
	const [, scheme, host = "", port = "514"] =
		/^(tcp|udp|tcp\+tls):\/\/((?:[\w-]+\.)+[a-z][\w-]*)(?::(\d{1,5}))?$/i.exec(address) ?? [];
	if (scheme === undefined) {
		const says = `it goes to a syslog server that this import cannot name, such as the host's own: where its lines count, declare a log drain (${page})`;
		say(logging, "decide", says);
		return undefined;
	}
	if (scheme.toLowerCase() !== "tcp+tls") {
		const says = `Aptible's drains send by TCP with TLS alone, and ${scheme} is neither encrypted nor read by them: find the port on which ${host} takes that, and declare logDrains: { syslog: { kind: syslog, host: ${host}, port: PORT } } (${page})`;
		say(logging, "decide", says);
		return undefined;
	}
	if ([...fieldsOf(options).keys()].some((name) => name.startsWith("syslog-tls-"))) {
		const says = `it has a certificate or an authority of its own, for which Aptible's drains have no setting: give ${host} a certificate of a public authority, and declare logDrains: { syslog: { kind: syslog, host: ${host}, port: ${port} } } (${page})`;
		say(logging, "decide", says);
		return undefined;
	}
	return { host: host.toLowerCase(), port: Number(port) };
}
