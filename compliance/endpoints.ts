/** Endpoints of both sides, as pairs. */
import { looksLike } from "../aptible/endpoint/find.ts";
import type { LiveEndpoint } from "../aptible/endpoint/observe.ts";
import { type LoneEndpointSpec, toAppEndpointSpec, toDatabaseEndpointSpec } from "../config/to-spec/endpoint.ts";
import { liveOf, type Seen } from "./control.ts";

/** An endpoint on one side or both. */
export interface EndpointPair {
	/** `portal.public` where it is declared, else its host name on Aptible. */
	readonly name: string;
	readonly isDatabase: boolean;
	readonly declared: LoneEndpointSpec | undefined;
	readonly live: LiveEndpoint | undefined;
}

/** Every endpoint of the stage and of its environment. Those that look the same are paired in the order of their ids. */
export function pairEndpoints(seen: Seen): EndpointPair[] {
	const { environment, apps, databases } = seen.stage;
	const live = liveOf(seen)?.snapshot;
	const ofApps = Object.entries(apps).flatMap(([app, { endpoints }]) =>
		pair(
			app,
			Object.entries(endpoints).map(([name, one]) =>
				toAppEndpointSpec(one, { environment: environment.handle, app, name }),
			),
			live?.apps.find((one) => one.app.handle === app)?.endpoints ?? [],
			false,
		),
	);
	const ofDatabases = Object.entries(databases).flatMap(([database, { endpoints }]) =>
		pair(
			database,
			Object.entries(endpoints).map(([name, one]) =>
				toDatabaseEndpointSpec(one, { environment: environment.handle, database, name }),
			),
			live?.databases.find(({ listed }) => listed.handle === database)?.endpoints ?? [],
			true,
		),
	);
	const ofOthers = [
		...(live?.apps ?? [])
			.filter(({ app }) => !Object.hasOwn(apps, app.handle))
			.flatMap(({ app, endpoints }) => pair(app.handle, [], endpoints, false)),
		...(live?.databases ?? [])
			.filter(({ listed }) => !Object.hasOwn(databases, listed.handle))
			.flatMap(({ listed, endpoints }) => pair(listed.handle, [], endpoints, true)),
	];
	return [...ofApps, ...ofDatabases, ...ofOthers];
}

function pair(
	owner: string,
	specs: readonly LoneEndpointSpec[],
	live: readonly LiveEndpoint[],
	isDatabase: boolean,
): EndpointPair[] {
	const left = [...live].sort((a, b) => a.listed.id - b.listed.id);
	const declared = specs.map((spec): EndpointPair => {
		const index = left.findIndex(({ listed }) => looksLike(listed, spec));
		const [found] = index < 0 ? [] : left.splice(index, 1);
		return { name: `${owner}.${spec.name}`, isDatabase, declared: spec, live: found };
	});
	const others = left.map((one): EndpointPair => {
		const name = `${owner} at ${one.listed.hostname ?? `endpoint ${one.listed.id}`}`;
		return { name, isDatabase, declared: undefined, live: one };
	});
	return [...declared, ...others];
}
