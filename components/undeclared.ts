import { looksLike } from "../aptible/endpoint-find.ts";
import type { LiveEndpoint } from "../aptible/endpoint-observe.ts";
import type { Snapshot } from "../aptible/snapshot.ts";
import { isHandleOf } from "../aptible/specs/drain.ts";
import type { EndpointIdentity } from "../aptible/specs/endpoint-identity.ts";
import { lookUp } from "../config/catalogue.ts";
import type { Stage } from "../config/stage.ts";
import { appEndpointIdentity, databaseEndpointIdentity } from "./endpoint-spec.ts";
import type { RecordedCommand } from "./recorded.ts";

/** What lives in the environment, and is neither declared nor about to be deleted, one sentence each. */
export function undeclaredIn(snapshot: Snapshot, stage: Stage, recorded: readonly RecordedCommand[]): string[] {
	const { environment, listedApps, databases, logDrains, metricDrains } = snapshot;
	const known = (kind: string) => new Set(recorded.flatMap((one) => (one.kind === kind ? [one.facts.id] : [])));
	const rest = (kind: string, live: readonly Named[], isDeclared: (handle: string) => boolean) =>
		live.filter(({ id, handle }) => !known(kind).has(id) && !isDeclared(handle)).map(({ handle }) => handle);
	const drainIn = (declared: object) => (handle: string) =>
		Object.keys(declared).some((name) => isHandleOf(handle, { name, adopt: true }, environment.id));
	const listed = databases.map((database) => database.listed);
	const left = [
		...rest("app", listedApps, handleIn(stage.apps)).map((handle) => `app "${handle}"`),
		...rest("database", listed, handleIn(stage.databases)).map((handle) => `database "${handle}"`),
		...rest("log-drain", logDrains, drainIn(stage.logDrains)).map((handle) => `log drain "${handle}"`),
		...rest("metric-drain", metricDrains, drainIn(stage.metricDrains)).map((handle) => `metric drain "${handle}"`),
		...endpointsLeft(snapshot, stage, known("endpoint")),
	];
	return left.map(
		(what) =>
			`${what} is in environment "${environment.handle}" and not in the stage file: it is left alone. Declare it with ` +
			"`adopt: true`, or take it away.",
	);
}

interface Named {
	id: number;
	handle: string;
}

function handleIn(declared: Readonly<Record<string, { renamedFrom?: string | undefined }>>) {
	const handles = new Set(Object.entries(declared).flatMap(([handle, { renamedFrom }]) => [handle, renamedFrom]));
	return (handle: string) => handles.has(handle);
}

/** Endpoints of what the stage declares: one that nobody reviewed is a door that nobody knows of. */
function endpointsLeft({ apps, databases }: Snapshot, stage: Stage, known: ReadonlySet<number | undefined>): string[] {
	const doors = (label: string, live: readonly LiveEndpoint[], declared: readonly EndpointIdentity[] | undefined) =>
		live
			.map(({ listed }) => listed)
			.filter((one) => declared !== undefined && !known.has(one.id) && !declared.some((it) => looksLike(one, it)))
			.map(({ hostname }) => `endpoint ${hostname ?? "without a host name"} of ${label}`);
	return [
		...apps.flatMap(({ app: { handle }, endpoints }) => {
			const declared = lookUp(stage.apps, handle)?.endpoints;
			return doors(`app "${handle}"`, endpoints, declared && Object.values(declared).map(appEndpointIdentity));
		}),
		...databases.flatMap(({ listed: { handle }, endpoints }) => {
			const declared = lookUp(stage.databases, handle)?.endpoints;
			return doors(
				`database "${handle}"`,
				endpoints,
				declared && Object.values(declared).map(databaseEndpointIdentity),
			);
		}),
	];
}
