import { findEndpoint } from "../aptible/endpoint/find.ts";
import type { LiveEndpoint } from "../aptible/endpoint/observe.ts";
import type { Stage } from "../config/stage.ts";
import { identifyAppEndpoint, identifyDatabaseEndpoint } from "../config/to-spec/endpoint.ts";
import { ClaimsFacts } from "../wire/claims.ts";
import { isHandleOf } from "../wire/drain.ts";
import type { EndpointSpec } from "../wire/endpoint.ts";
import {
	type EndpointIdentity,
	type EndpointOwner,
	endpointKey,
	endpointPlace,
	ownerPlace,
} from "../wire/endpoint-identity.ts";
import type { RecordedCommand } from "./recorded.ts";
import type { Snapshot } from "./snapshot.ts";

/** Live objects that are neither declared nor about to be deleted, one sentence each. */
export interface Undeclared {
	/** Endpoints of what the stage declares: one that nobody reviewed is a door that nobody knows of. */
	endpoints: string[];
	others: string[];
}

/** What lives in the environment and is not in the stage file. */
export function undeclaredIn(snapshot: Snapshot, stage: Stage, recorded: readonly RecordedCommand[]): Undeclared {
	const { environment, listedApps, databases, logDrains, metricDrains } = snapshot;
	const rest = (kind: string, live: readonly Named[], isDeclared: (handle: string) => boolean) => {
		const known = idsOf(recorded, kind);
		return live.filter(({ id, handle }) => !known.has(id) && !isDeclared(handle)).map(({ handle }) => handle);
	};
	const drainIn = (declared: object) => (handle: string) =>
		Object.keys(declared).some((name) => isHandleOf(handle, { name, adopt: true }, environment.id));
	const listed = databases.map((database) => database.listed);
	const tell = (what: string) =>
		`${what} is in environment "${environment.handle}" and not in the stage file: it is left alone. Declare it with ` +
		"`adopt: true`, or take it away.";
	const others = [
		...rest("app", listedApps, handleIn(stage.apps)).map((handle) => `app "${handle}"`),
		...rest("database", listed, handleIn(stage.databases)).map((handle) => `database "${handle}"`),
		...rest("log-drain", logDrains, drainIn(stage.logDrains)).map((handle) => `log drain "${handle}"`),
		...rest("metric-drain", metricDrains, drainIn(stage.metricDrains)).map((handle) => `metric drain "${handle}"`),
	];
	return { endpoints: endpointsLeft(snapshot, stage, recorded).map(tell), others: others.map(tell) };
}

interface Named {
	id: number;
	handle: string;
}

function idsOf(recorded: readonly RecordedCommand[], kind: string): ReadonlySet<number | undefined> {
	return new Set(recorded.flatMap((one) => (one.kind === kind ? [one.facts.id] : [])));
}

function handleIn(declared: Readonly<Record<string, { renamedFrom?: string | undefined }>>) {
	const handles = new Set(Object.entries(declared).flatMap(([handle, { renamedFrom }]) => [handle, renamedFrom]));
	return (handle: string) => handles.has(handle);
}

/** An app or database of the stage, with what tells its endpoints apart. */
interface Owner {
	on: EndpointOwner;
	label: string;
	former: EndpointOwner;
	endpoints: Readonly<Record<string, { identity: EndpointIdentity; renamedFrom?: string | undefined }>>;
}

function endpointsLeft({ apps, databases }: Snapshot, stage: Stage, recorded: readonly RecordedCommand[]): string[] {
	const live = new Map<string, readonly LiveEndpoint[]>([
		...apps.map(({ app: { handle }, endpoints }) => [ownerPlace({ app: handle }), endpoints] as const),
		...databases.map(({ listed: { handle }, endpoints }) => [ownerPlace({ database: handle }), endpoints] as const),
	]);
	return ownersIn(stage).flatMap((owner) => {
		const endpoints = live.get(ownerPlace(owner.on)) ?? live.get(ownerPlace(owner.former)) ?? [];
		return foreignAmong(endpoints, owner, recorded).map((hostname) => `endpoint ${hostname} of ${owner.label}`);
	});
}

function ownersIn({ apps, databases }: Stage): Owner[] {
	const named = <T extends { renamedFrom?: string | undefined }>(
		endpoints: Readonly<Record<string, T>>,
		identityOf: (endpoint: T) => EndpointIdentity,
	) =>
		Object.fromEntries(
			Object.entries(endpoints).map(([name, one]) => [
				name,
				{ identity: identityOf(one), renamedFrom: one.renamedFrom },
			]),
		);
	return [
		...Object.entries(apps).map(([app, { renamedFrom, endpoints }]) => ({
			on: { app },
			label: `app "${app}"`,
			former: { app: renamedFrom ?? app },
			endpoints: named(endpoints, identifyAppEndpoint),
		})),
		...Object.entries(databases).map(([database, { renamedFrom, endpoints }]) => ({
			on: { database },
			label: `database "${database}"`,
			former: { database: renamedFrom ?? database },
			endpoints: named(endpoints, identifyDatabaseEndpoint),
		})),
	];
}

/** Host names of an owner's live endpoints that no declared one stands for: each declared one has the one that its update would find. */
function foreignAmong(live: readonly LiveEndpoint[], owner: Owner, recorded: readonly RecordedCommand[]): string[] {
	const listed = live.map((one) => one.listed);
	const ours = new Set(idsOf(recorded, "endpoint"));
	const claims = ClaimsFacts.safeParse(recorded.find(({ kind }) => kind === "claims")?.facts).data?.endpoints ?? {};
	const declared = Object.entries(owner.endpoints).sort(([a], [b]) => (a < b ? -1 : 1));
	const keys = declared.map(([, { identity }]) => endpointKey(identity));
	for (const [name, { identity, renamedFrom }] of declared) {
		const key = endpointKey(identity);
		const places = [owner.on, owner.former].flatMap((on) =>
			[name, renamedFrom ?? name].map((one) => endpointPlace(on, one, identity)),
		);
		const previous = recorded.find((one) => one.kind === "endpoint" && places.includes(placeOf(one.spec)))?.facts.id;
		const found = findEndpoint(
			listed,
			{ ...identity, hasTwins: keys.filter((one) => one === key).length > 1 },
			{
				previous: previous === undefined ? undefined : { id: previous },
				claim: places.map((place) => claims[place]).find((claim) => claim !== undefined),
				taken: [...ours].filter((id) => id !== undefined),
			},
		);
		ours.add(found?.id);
	}
	return listed.filter(({ id }) => !ours.has(id)).map(({ hostname }) => hostname ?? "without a host name");
}

function placeOf(spec: unknown): string {
	const { on, name, ...identity } = spec as EndpointSpec;
	return endpointPlace(on, name, identity);
}
