/**
 * An import from MedStack's API: `npm run import -- medstack FILE`, of what `GET .../clusters/ID/services` answers. What a service
 * looks like there is not documented (facts/move.md §7): each is read as the service of Compose's that its known keys make, and the
 * other keys are named.
 */
import { basename, dirname, resolve } from "node:path";
import { isLoadBalancerOrMover, replicaPlaces } from "../move/source-cluster/service-fields.ts";
import { Files } from "./compose/files.ts";
import { InputError, readFields } from "./compose/read.ts";
import { readService } from "./compose/services.ts";
import { type Field, fieldAt, fieldsOf, placeOf, type Source, say, sayDeep, textOf } from "./compose/source.ts";
import type { Imported } from "./compose.ts";
import { toHandle } from "./roles.ts";
import type { Service } from "./service.ts";
import { makeStage, type StageOptions } from "./stage.ts";

/** Keys by which a service is known, and those that say how it is just now. */
const ownKeys: ReadonlySet<string> = new Set(
	"id object name label managed created_at updated_at status state version links".split(" "),
);

/** Keys in Compose's form, by the names under which they may stand. */
const composeKeys: Readonly<Record<string, readonly string[]>> = {
	image: ["image"],
	command: ["command", "args"],
	entrypoint: ["entrypoint"],
	environment: ["environment", "env", "environment_variables"],
	secrets: ["secrets"],
	configs: ["configs"],
	volumes: ["volumes", "mounts"],
	healthcheck: ["healthcheck", "health_check"],
	labels: ["labels"],
	deploy: ["deploy"],
	stop_grace_period: ["stop_grace_period"],
};

/** @param from folder from which the path counts */
export function importMedstack(
	path: string,
	from: string,
	options: Omit<StageOptions, "handle"> & { handle: string | undefined },
): Imported {
	const keys: Source[] = [];
	const { file, text } = new Files(dirname(resolve(from, path)), from).open(path);
	const root = readFields(text, file, { known: keys });
	const list = [root, fieldAt(root, "data"), fieldAt(root, "services", "data"), fieldAt(root, "services")].find(
		(field) => field?.value.kind === "list",
	);
	const entries = list?.value.kind === "list" ? list.value.items : [];
	if (entries.length === 0 || entries.some((one) => nameOf(one) === undefined)) {
		throw new InputError(
			`${path}: is no list of MedStack's services, each with a name; save what GET .../companies/ID/clusters/ID/services answers`,
		);
	}
	for (const [key, field] of fieldsOf(root)) {
		if (key === "data" || key === "services") say(field, "mapped", "apps and databases of the stage");
		else sayDeep(field, "dropped", "it is of the list alone");
	}
	const services = entries.flatMap((entry, index) => readEntry(entry, index));
	const handle = options.handle ?? toHandle(basename(path).replace(/\.\w+$/, ""));
	const stage = makeStage(services, { ...options, handle });
	for (const entry of entries) for (const field of fieldsOf(entry).values()) sayRest(field);
	for (const key of keys) if (key.outcome === undefined) key.say("decide", unknown);
	return { ...stage, keys };
}

const unknown = "is documented nowhere, so that nothing was made of it; look in MedStack's UI what it means";

/** Nothing of what is in an entry goes by what is said of the whole. */
function sayRest(field: Field): void {
	const isSaid = ({ sources }: Field) => sources.some((source) => source.isSaid);
	const inner = ({ value }: Field) =>
		value.kind === "map" ? [...value.fields.values()] : value.kind === "list" ? value.items : [];
	const isSaidWithin = (one: Field): boolean => isSaid(one) || inner(one).some(isSaidWithin);
	if (isSaid(field)) return;
	if (!isSaidWithin(field)) {
		sayDeep(field, "decide", unknown);
		return;
	}
	say(field, "mapped", "see what is in it");
	for (const one of inner(field)) sayRest(one);
}

function nameOf(entry: Field): string | undefined {
	return textOf(fieldAt(entry, "name")) ?? textOf(fieldAt(entry, "label"));
}

/** The load balancer comes first in the list (facts/move.md §7). */
function readEntry(entry: Field, index: number): Service[] {
	const name = nameOf(entry) ?? "";
	const isOwn = isLoadBalancerOrMover(name, textOf(fieldAt(entry, "image")));
	if (index === 0 || isOwn) {
		const says = isOwn
			? "MedStack's own: Aptible's endpoints have the domains and the certificates, and the mover goes with the move"
			: "it is the first of the list, where MedStack has its load balancer, and is left out; if it is a service of yours, put an entry with the name loadbalancer before it";
		sayDeep(entry, isOwn ? "dropped" : "decide", says);
		return [];
	}
	for (const [key, field] of fieldsOf(entry)) {
		if (ownKeys.has(key)) sayDeep(field, "dropped", "it says which service it is at MedStack's, and how it is");
		else if (isEmpty(field)) sayDeep(field, "dropped", "there is nothing under it");
		else if (!isRead(key)) sayDeep(field, "decide", unknown);
	}
	const composed = new Map<string, Field>();
	for (const [key, names] of Object.entries(composeKeys)) {
		const found = names.flatMap((one) => fieldAt(entry, one) ?? []).filter((one) => !isEmpty(one));
		const [field, ...others] = found;
		if (field === undefined) continue;
		composed.set(key, inComposeForm(key, field));
		for (const other of others) sayDeep(other, "decide", `${placeOf(field)} has such a key too, which counts`);
	}
	const service = readService(
		name,
		{ sources: entry.sources, value: { kind: "map", fields: composed } },
		{ variables: {}, envFile: () => [], counted: { ports: 0 } },
	);
	const replicas = replicaPlaces
		.map((place) => fieldAt(entry, ...place))
		.filter((one) => /^\d+$/.test(textOf(one) ?? ""));
	const [count, ...uncounted] = replicas;
	for (const other of uncounted)
		if (other !== undefined && count !== undefined)
			say(other, "decide", `${placeOf(count)} has a number too, which counts`);
	return [
		{
			...service,
			containers: count === undefined ? undefined : { field: count, count: Number(textOf(count)) },
			domains: domainsOf(entry),
		},
	];
}

function isRead(key: string): boolean {
	const known = [...Object.values(composeKeys).flat(), ...replicaPlaces.map(([first]) => first), ...domainKeys];
	return known.includes(key);
}

function isEmpty({ value }: Field): boolean {
	if (value.kind === "scalar") return value.value === null || value.value === "";
	return value.kind === "map" ? value.fields.size === 0 : value.items.length === 0;
}

const domainKeys = ["domain_maps", "domain_mappings", "domains"];

/** What is read of a domain, or says what Aptible does anyway. */
const domainParts: ReadonlySet<string> = new Set("domain name port internal_port tls ssl https id object".split(" "));

function domainsOf(entry: Field): Service["domains"] {
	return domainKeys.flatMap((key) => {
		const field = fieldAt(entry, key);
		if (field?.value.kind !== "list") return [];
		say(field, "mapped", "endpoints of the app");
		return field.value.items.flatMap((item) => {
			const domain = textOf(item) ?? textOf(fieldAt(item, "domain")) ?? textOf(fieldAt(item, "name"));
			const port = Number(textOf(fieldAt(item, "port")) ?? textOf(fieldAt(item, "internal_port")));
			if (domain === undefined) {
				sayDeep(item, "decide", unknown);
				return [];
			}
			for (const [name, one] of fieldsOf(item))
				if (!domainParts.has(name) && !isEmpty(one)) sayDeep(one, "decide", unknown);
			return [{ field: item, domain, port: Number.isInteger(port) && port > 0 ? port : undefined }];
		});
	});
}

/** Entries that are blocks, under the names that Compose has for their keys. */
const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
	secrets: { name: "source", file_name: "target" },
	configs: { name: "source", file_name: "target" },
	volumes: {
		name: "source",
		source: "source",
		path: "target",
		mount_path: "target",
		target: "target",
		read_only: "read_only",
		type: "type",
	},
};

function inComposeForm(key: string, field: Field): Field {
	if (field.value.kind !== "list") return field;
	if (key === "environment") return asVariables(field);
	const names = renamed[key];
	if (names === undefined) return field;
	const items = field.value.items.map((item): Field => {
		if (item.value.kind !== "map") return item;
		const fields = [...item.value.fields].flatMap(([name, one]): [string, Field][] => {
			const other = names[name];
			if (other !== undefined) return [[other, one]];
			say(one, "dropped", "no file is mounted on Aptible, nor a volume");
			return [];
		});
		const type: [string, Field][] =
			key === "volumes" && !item.value.fields.has("type")
				? [["type", { ...item, value: { kind: "scalar", value: "volume", unset: [], written: "volume" } }]]
				: [];
		return { sources: item.sources, value: { kind: "map", fields: new Map([...type, ...fields]) } };
	});
	return { sources: field.sources, value: { kind: "list", items } };
}

/** `[{ name: A, value: b }]` as a block; a list of `A=b` stays one. */
function asVariables(field: Field): Field {
	const items = field.value.kind === "list" ? field.value.items : [];
	if (items.some((item) => item.value.kind !== "map")) return field;
	const fields = items.flatMap((item): [string, Field][] => {
		const name = textOf(fieldAt(item, "name")) ?? textOf(fieldAt(item, "key"));
		const value = fieldAt(item, "value");
		if (name === undefined || value === undefined) {
			say(item, "decide", `is no variable with a name and a value (${placeOf(item)})`);
			return [];
		}
		for (const [key, one] of fieldsOf(item)) if (key !== "value") say(one, "mapped", `variable ${name}`);
		// What becomes of the value is said of the whole entry.
		return [[name, { sources: [...value.sources, ...item.sources], value: value.value }]];
	});
	return { sources: field.sources, value: { kind: "map", fields: new Map(fields) } };
}
