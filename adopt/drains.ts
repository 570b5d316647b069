/** Live drains as a stage file says them. */
import type { ApiLogDrain, ApiMetricDrain } from "../aptible/api/drain.ts";
import type { Destination } from "../aptible/drain/destination.ts";
import { readLogDrainState } from "../aptible/drain/log-drain.ts";
import { readMetricDrainState } from "../aptible/drain/metric-drain.ts";
import { type Block, lean } from "../stage-file/block.ts";
import { type DrainKinds, isSecret, logDrainKinds, metricDrainKinds } from "../wire/drain-kinds.ts";
import type { Notes } from "./notes.ts";

type Databases = readonly { id: number; handle: string }[];

const sourcesOn: Block = { apps: true, databases: true, ephemeralSessions: true, proxies: true };

/** A log drain; undefined, with a note, where a stage file has no such kind. */
export function adoptLogDrain(live: ApiLogDrain, databases: Databases, notes: Notes): Block | undefined {
	const label = `log drain "${live.handle}"`;
	const { type, sources, destination } = readLogDrainState(live, databases);
	return adoptDrain(label, live.handle, logDrainKinds, type, destination, sources, notes);
}

/** A metric drain, likewise. */
export function adoptMetricDrain(live: ApiMetricDrain, databases: Databases, notes: Notes): Block | undefined {
	const label = `metric drain "${live.handle}"`;
	const { type, destination = {} } = readMetricDrainState(live, databases);
	return adoptDrain(label, live.handle, metricDrainKinds, type, destination, {}, notes);
}

function adoptDrain(
	label: string,
	handle: string,
	kinds: DrainKinds,
	type: string,
	destination: Destination,
	sources: Block,
	notes: Notes,
): Block | undefined {
	// Kinds that send to an address by HTTPS read back as one type, and one of them stands for all.
	const [kind, { fields }] = Object.entries(kinds).find(([, { adopted }]) => adopted === type) ?? [undefined, {}];
	if (kind === undefined || fields === undefined) {
		notes.add(label, `a stage file has no drains of type ${type}; it is left alone`);
		return undefined;
	}
	const own: Block = {};
	for (const [name, field] of Object.entries(fields)) {
		const value = destination[name];
		if (field.form === "choice" && value !== undefined && !Object.hasOwn(field.choices, value)) {
			notes.add(
				label,
				`its ${name} is ${value}, which is not ${field.means} that a stage file knows; it is left alone`,
			);
			return undefined;
		}
		const isAbsent = value === undefined && field.isOptional === true;
		// An address may have a password in it.
		const isOpen = !isSecret(field) || (field.form === "address" && /^https?:\/\/[^@?]+$/.test(value ?? ""));
		if (isAbsent || isOpen) own[name] = field.form === "port" && value !== undefined ? Number(value) : value;
		else own[name] = secretOf(handle, label, name, value, notes);
	}
	return lean({ kind, ...own, ...sources, adopt: true }, { ...sourcesOn, adopt: undefined });
}

function secretOf(handle: string, label: string, field: string, value: string | undefined, notes: Notes): string {
	if (value === undefined) {
		notes.add(
			label,
			`this token may not see its ${field}; without it, \`pulumi up\` makes a second drain and deletes this one`,
		);
	}
	return notes.secrets.refer(`${handle} ${field}`, value ?? "", `${label}, ${field}`);
}
