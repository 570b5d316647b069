/** What made an object drift: who and when, as far as an operation knows it, or another secret in the stage. */
import { listOperations, type Operation, type OperationTarget } from "../aptible/api/operation.ts";
import { tellOperation } from "../aptible/carried.ts";
import { unlessGone } from "../aptible/client/errors.ts";
import type { Context } from "../aptible/context.ts";
import { AppFacts } from "../wire/app.ts";
import { DatabaseFacts } from "../wire/database.ts";
import { DatabaseRestartFacts } from "../wire/database-restart.ts";
import { type Difference, eitherSide } from "../wire/difference.ts";
import { EndpointFacts } from "../wire/endpoint.ts";
import { lookUp } from "../wire/own.ts";
import { references } from "../wire/template.ts";
import { differencesOf } from "./compare.ts";
import type { RecordedCommand } from "./recorded.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Values } from "./snapshot-values.ts";

/** Operations of what differs, newest first, by `services 12`. What is gone meanwhile has none. */
export type Touched = ReadonlyMap<string, readonly Operation[]>;

/** Where the operations of one difference are, and which of them can have made it. */
interface Trace {
	target: OperationTarget;
	id: number;
	/** The newest operation that the last update knew of. */
	after?: number;
	find(operations: readonly Operation[]): Operation | undefined;
}

/**
 * Reads the operations of what differs from what the last update left: one request for each app, service, database and endpoint that
 * does, and none for any other. Drains and the environment have no operations that say what was changed.
 */
export async function readTouched(
	context: Context,
	recorded: readonly RecordedCommand[],
	snapshot: Snapshot,
	values: Values,
): Promise<Touched> {
	const traces = new Map<string, Trace>();
	for (const command of recorded) {
		const { kind, spec, facts } = command;
		for (const difference of differencesOf(snapshot, kind, spec, facts, values) ?? []) {
			const trace = traceOf(snapshot, command, difference);
			if (trace !== undefined) traces.set(keyOf(trace), trace);
		}
	}
	const reads = [...traces].map(async ([key, { target, id, after }]): Promise<[string, Operation[]][]> => {
		const operations = await listOperations(context.api, target, id, after).catch(unlessGone);
		return operations === undefined ? [] : [[key, operations]];
	});
	return new Map((await Promise.all(reads)).flat());
}

/** The drift of an object with what made it, without that of secrets which the stage alone has changed. */
export function explainDrift(
	{ snapshot, touched }: { snapshot: Snapshot; touched: Touched },
	recorded: RecordedCommand,
	drift: readonly Difference[],
	spec: unknown,
): Difference[] {
	return drift.flatMap((one) => {
		if (isOwnCertificate(recorded, one)) return [];
		const trace = traceOf(snapshot, recorded, one);
		const operations = trace && touched.get(keyOf(trace));
		const operation = operations && trace?.find(operations);
		if (operation !== undefined) return [{ ...one, cause: tellCause(operation) }];
		if (!isSecret(spec, one.field)) return [one];
		return operations === undefined ? [{ ...one, cause: eitherSide }] : [];
	});
}

function keyOf({ target, id }: Trace): string {
	return `${target} ${id}`;
}

function tellCause(operation: Operation): string {
	const when = operation.created_at == null ? "" : ` at ${operation.created_at}`;
	return `changed by ${tellOperation(operation)}${when}`;
}

function traceOf(
	snapshot: Snapshot,
	{ kind, facts }: Pick<RecordedCommand, "kind" | "facts">,
	difference: Difference,
): Trace | undefined {
	switch (kind) {
		case "app":
			return traceApp(snapshot, AppFacts.safeParse(facts).data, difference);
		case "database":
			return traceSize("databases", DatabaseFacts.safeParse(facts).data?.id, difference);
		case "database-restart":
			return traceSize("databases", DatabaseRestartFacts.safeParse(facts).data?.databaseId, difference);
		case "endpoint": {
			const { id, operation: after = 0 } = EndpointFacts.safeParse(facts).data ?? {};
			// Versions that recorded no operation recorded 0.
			if (id === undefined || after === 0) return undefined;
			return traceSince("vhosts", id, after, ({ type }) => type === "provision");
		}
		default:
			return undefined;
	}
}

function traceApp(
	{ apps }: Snapshot,
	{ id, operation: after }: Partial<AppFacts> = {},
	{ field, ...difference }: Difference,
): Trace | undefined {
	const [, name, size = ""] = /^services\.(.+)\.(\w+)$/.exec(field) ?? [];
	if (name !== undefined) {
		const service = apps.find(({ app }) => app.id === id)?.services.find(({ service }) => service === name);
		return traceSize("services", service?.id, { ...difference, field: size });
	}
	if (id === undefined || after === undefined) return undefined;
	if (field === "image" || field === "git.commitish")
		return traceSince("apps", id, after, ({ type }) => type === "deploy");
	if (!field.startsWith("config.")) return undefined;
	const key = field.slice("config.".length);
	// Names of the keys may be hidden as well as none. A restart or an SSH session is an operation of the app too, and sets nothing.
	const sets = ({ type, env }: Operation) =>
		["configure", "deploy"].includes(type) && (env == null || env.length === 0 || env.includes(key));
	return traceSince("apps", id, after, sets);
}

function traceSince(
	target: OperationTarget,
	id: number,
	after: number,
	brings: (operation: Operation) => boolean,
): Trace {
	// Aptible takes back what a failed operation did.
	const isIts = (one: Operation) => one.id > after && one.status !== "failed" && brings(one);
	return { target, id, after, find: (operations) => operations.find(isIts) };
}

/** Figures as operations carry them, by their names in specs. */
const figures = {
	containers: "container_count",
	containerMb: "container_size",
	containerProfile: "instance_profile",
	diskGb: "disk_size",
	iops: "provisioned_iops",
} as const satisfies Record<string, keyof Operation>;

/** The last operation that set a figure, where that is the live one: what autoscaling decides, no operation carries. */
function traceSize(target: OperationTarget, id: number | undefined, { field, live }: Difference): Trace | undefined {
	const figure = lookUp(figures, field);
	if (id === undefined || figure === undefined) return undefined;
	const shown = (operation: Operation) => {
		const value = operation[figure];
		// Sent as a letter, and shown with its generation (`m5`).
		return field === "containerProfile" ? value?.toString().slice(0, 1) : value?.toString();
	};
	return {
		target,
		id,
		find(operations) {
			const last = operations.find((one) => one.status !== "failed" && shown(one) !== undefined);
			return last !== undefined && shown(last) === live ? last : undefined;
		},
	};
}

/** Whether the text of a field has secrets of the stage in it, and nothing that Aptible gives. */
function isSecret(spec: unknown, field: string): boolean {
	const fields = spec as Readonly<Record<string, unknown>> & { config?: Readonly<Record<string, string>> };
	const text = field.startsWith("config.")
		? lookUp(fields.config ?? {}, field.slice("config.".length))
		: lookUp(fields, field);
	const names = typeof text === "string" ? references(text) : [];
	return names.length > 0 && names.every((name) => name.startsWith("secrets."));
}

/** Whether an endpoint still has the certificate that the last update sent, so that the stage has another one now. */
function isOwnCertificate({ kind, facts }: RecordedCommand, { field, live }: Difference): boolean {
	return kind === "endpoint" && field === "certificate" && EndpointFacts.safeParse(facts).data?.certificate === live;
}
