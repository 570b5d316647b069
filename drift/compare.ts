/** How the live objects of a snapshot differ from what was declared of them. No call is made, and no secret comes out. */
import type { z } from "zod";
import { diffApp } from "../aptible/app/differences.ts";
import { diffDatabase, diffSizes } from "../aptible/database/database.ts";
import { diffLogDrain, readLogDrainState } from "../aptible/drain/log-drain.ts";
import { diffMetricDrain, readMetricDrainState } from "../aptible/drain/metric-drain.ts";
import { diffEndpoint } from "../aptible/endpoint/differences.ts";
import { findEndpoint, identifyLive } from "../aptible/endpoint/find.ts";
import type { LiveEndpoint } from "../aptible/endpoint/observe.ts";
import { diffRenewal } from "../aptible/endpoint/renewal.ts";
import { diffBackups } from "../aptible/environment/backup-policy.ts";
import { diffPermissions } from "../aptible/environment/permissions.ts";
import { findByIdentity } from "../aptible/find.ts";
import { AppFacts, AppSpec } from "../wire/app.ts";
import { leafFingerprint } from "../wire/certificate.ts";
import { DatabaseFacts, DatabaseSpec } from "../wire/database.ts";
import { DatabaseRestartFacts, DatabaseRestartSpec } from "../wire/database-restart.ts";
import { compare, type Difference } from "../wire/difference.ts";
import { DrainFacts, isHandleOf } from "../wire/drain.ts";
import { EndpointFacts, EndpointSpec } from "../wire/endpoint.ts";
import { describeIdentity } from "../wire/endpoint-identity.ts";
import { EnvironmentFacts, EnvironmentSpec } from "../wire/environment.ts";
import { LogDrainSpec } from "../wire/log-drain.ts";
import { MetricDrainSpec } from "../wire/metric-drain.ts";
import { lookUp } from "../wire/own.ts";
import { PermissionsFacts, PermissionsSpec } from "../wire/permissions.ts";
import { hiddenOfApp, hiddenOfDatabase } from "./figures.ts";
import type { Snapshot } from "./snapshot.ts";
import { filler, resolveKnown, trimmed, type Values } from "./snapshot-values.ts";

/** An object as Pulumi recorded it. */
export interface Recorded {
	spec: unknown;
	facts: unknown;
}

/** What there is when an object that was recorded is not to be found. */
export const gone: Difference = { field: "object", declared: "there", live: "gone" };

/**
 * How a live object has drifted: what is neither as it was declared at the last update nor as it is declared now. So a change of
 * the stage file that is still to be made is no drift, nor is one by hand that the file has caught up with.
 *
 * @param kind as `aptible/main.ts` knows it
 */
export function driftOf(
	snapshot: Snapshot,
	kind: string,
	declared: unknown,
	recorded: Recorded,
	values: Values,
): Difference[] {
	const now = differencesOf(snapshot, kind, declared, recorded.facts, values);
	if (JSON.stringify(declared) === JSON.stringify(recorded.spec)) return now ?? [gone];
	const before = differencesOf(snapshot, kind, recorded.spec, recorded.facts, values);
	if (now === undefined || before === undefined) return [gone];
	const drifted = new Set(before.map(({ field }) => field));
	return now.filter(({ field }) => drifted.has(field));
}

/**
 * How a live object differs from what is declared of it.
 *
 * @param facts what was recorded of it; undefined where nothing was
 * @returns undefined where there is no such object; nothing for a kind that has no live object
 */
export function differencesOf(
	snapshot: Snapshot,
	kind: string,
	spec: unknown,
	facts: unknown,
	values: Values,
): Difference[] | undefined {
	const compareThem = lookUp(kinds, kind);
	return compareThem === undefined ? [] : compareThem(snapshot, spec, facts, values);
}

type Compare = (snapshot: Snapshot, spec: unknown, facts: unknown, values: Values) => Difference[] | undefined;

function comparison<Spec extends z.ZodType, Facts extends z.ZodType>(
	spec: Spec,
	facts: Facts,
	compareThem: (
		snapshot: Snapshot,
		spec: z.infer<Spec>,
		previous: z.infer<Facts> | undefined,
		values: Values,
	) => Difference[] | undefined,
): Compare {
	return (snapshot, declared, recorded, values) => {
		// What an older version of this program recorded may lack what is needed now; the update goes by its own rules.
		const [parsed, previous] = [spec.safeParse(declared), facts.safeParse(recorded)];
		return parsed.success ? compareThem(snapshot, parsed.data, previous.data, values) : [];
	};
}

const kinds: Readonly<Record<string, Compare>> = {
	environment: comparison(EnvironmentSpec, EnvironmentFacts, compareEnvironment),
	permissions: comparison(PermissionsSpec, PermissionsFacts, comparePermissions),
	database: comparison(DatabaseSpec, DatabaseFacts, compareDatabase),
	"database-restart": comparison(DatabaseRestartSpec, DatabaseRestartFacts, compareRestarted),
	app: comparison(AppSpec, AppFacts, compareApp),
	endpoint: comparison(EndpointSpec, EndpointFacts, compareEndpoint),
	"log-drain": comparison(LogDrainSpec, DrainFacts, compareLogDrain),
	"metric-drain": comparison(MetricDrainSpec, DrainFacts, compareMetricDrain),
};

function compareEnvironment({ environment, retention }: Snapshot, spec: EnvironmentSpec): Difference[] {
	return [
		...diffHandle(spec, environment),
		...(spec.backups === undefined ? [] : diffBackups(spec.backups, retention).map(under("backups"))),
	];
}

function comparePermissions({ permissions }: Snapshot, spec: PermissionsSpec): Difference[] {
	return permissions === undefined || permissions === "hidden" ? [] : diffPermissions(spec, permissions);
}

function compareDatabase(
	{ databases }: Snapshot,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
): Difference[] | undefined {
	const listed = findByIdentity(
		databases.map((database) => database.listed),
		spec,
		previous,
	);
	const live = databases.find((database) => database.listed === listed);
	if (live === undefined) return undefined;
	return [
		...compare({ id: previous?.id ?? live.listed.id }, { id: live.listed.id }),
		...diffHandle(spec, live.listed),
		...diffStatus(live.listed),
		...withoutFields(diffDatabase(spec, live.listed), hiddenOfDatabase(live)),
	];
}

/** During a move its restart owns the sizes; that it is gone, its own Command says. */
function compareRestarted(
	{ databases }: Snapshot,
	spec: DatabaseRestartSpec,
	previous: DatabaseRestartFacts | undefined,
): Difference[] {
	const live = databases.find(({ listed }) => listed.id === previous?.databaseId);
	return live === undefined ? [] : withoutFields(diffSizes(spec, live.listed), hiddenOfDatabase(live));
}

/** The live app that a spec is about. */
export function findApp(
	{ apps }: Snapshot,
	spec: AppSpec,
	previous: AppFacts | undefined,
): Snapshot["apps"][number] | undefined {
	const listed = apps.map(({ app }) => app);
	const app = findByIdentity(listed, spec, previous);
	return apps.find((one) => one.app === app);
}

function compareApp(
	snapshot: Snapshot,
	spec: AppSpec,
	previous: AppFacts | undefined,
	values: Values,
): Difference[] | undefined {
	const live = findApp(snapshot, spec, previous);
	if (live === undefined) return undefined;
	const { resolved, unknown } = resolveKnown(snapshot, spec, values);
	const config =
		live.config === "hidden"
			? new Map(Object.entries(resolved.config))
			: new Map([...live.config].filter(([key]) => !unknown.has(key)));
	// What this token may not see, or what is not at hand, cannot be said to differ.
	const isUnknown =
		live.settings.registry === "hidden" || (spec.registry !== undefined && resolved.registry === undefined);
	const registry = isUnknown ? resolved.registry : live.settings.registry;
	const seen = { ...live, config, settings: { ...live.settings, registry } };
	return withoutFields(diffApp(spec, seen, resolved, previous), hiddenOfApp(spec, live)).filter(
		({ field, declared }) =>
			!(field === "git.commitish" && previous === undefined && !/^[0-9a-f]{7,40}$/.test(declared)),
	);
}

function compareEndpoint(
	snapshot: Snapshot,
	spec: EndpointSpec,
	previous: EndpointFacts | undefined,
	values: Values,
): Difference[] | undefined {
	const endpoints = endpointsBeside(snapshot, spec, previous);
	const listed = findEndpoint(
		endpoints.map((one) => one.listed),
		spec,
		{ previous },
	);
	const live = endpoints.find((one) => one.listed === listed);
	if (live === undefined) return undefined;
	const [identity, declared] = [identifyLive(live.listed, spec.kind === "database"), spec].map(describeIdentity);
	const chain = spec.certificate === undefined ? undefined : filler(snapshot, values)(spec.certificate.chain);
	const isHidden = spec.certificate !== undefined && chain === undefined;
	return [
		...compare({ identity: declared }, { identity }),
		...diffStatus(live.listed),
		...diffRenewal(live.listed, live.isRenewable),
		...diffEndpoint(
			spec,
			live.listed,
			// Without the certificate's text there is nothing to compare the live one with.
			isHidden && live.details !== undefined ? { ...live.details, certificate: "hidden" } : live.details,
			chain === undefined ? undefined : leafFingerprint(chain),
		),
	];
}

/** The endpoints of its app or database, which may have another handle: by hand, or as this very update will rename it. */
function endpointsBeside(
	{ apps, databases }: Snapshot,
	{ on }: EndpointSpec,
	previous: EndpointFacts | undefined,
): readonly LiveEndpoint[] {
	const owners = [
		...apps.map(({ app: { handle }, endpoints }) => ({ app: handle, endpoints })),
		...databases.map(({ listed: { handle }, endpoints }) => ({ database: handle, endpoints })),
	];
	const holder = owners.find(({ endpoints }) => endpoints.some(({ listed }) => listed.id === previous?.id));
	const named = owners.find((owner) =>
		"app" in on ? "app" in owner && owner.app === on.app : "database" in owner && owner.database === on.database,
	);
	return (holder ?? named)?.endpoints ?? [];
}

function compareLogDrain(
	snapshot: Snapshot,
	spec: LogDrainSpec,
	previous: DrainFacts | undefined,
	values: Values,
): Difference[] | undefined {
	const live = findDrain(snapshot, snapshot.logDrains, spec, previous);
	if (live === undefined) return undefined;
	const state = readLogDrainState(live, databasesOf(snapshot));
	return [...diffStatus(live), ...diffLogDrain(spec, state, trimmed(filler(snapshot, values)))];
}

function compareMetricDrain(
	snapshot: Snapshot,
	spec: MetricDrainSpec,
	previous: DrainFacts | undefined,
	values: Values,
): Difference[] | undefined {
	const live = findDrain(snapshot, snapshot.metricDrains, spec, previous);
	if (live === undefined) return undefined;
	const state = readMetricDrainState(live, databasesOf(snapshot));
	return [...diffStatus(live), ...diffMetricDrain(spec, state, trimmed(filler(snapshot, values)))];
}

function findDrain<Drain extends { id: number; handle: string }>(
	{ environment }: Snapshot,
	drains: readonly Drain[],
	spec: { name: string; adopt: boolean },
	previous: DrainFacts | undefined,
): Drain | undefined {
	return (
		drains.find(({ id }) => id === previous?.id) ??
		drains.find(({ handle }) => isHandleOf(handle, spec, environment.id))
	);
}

function databasesOf({ databases }: Snapshot): { id: number; handle: string }[] {
	return databases.map(({ listed }) => listed);
}

function diffHandle(spec: { handle: string }, live: { handle: string }): Difference[] {
	return compare({ handle: spec.handle }, { handle: live.handle });
}

/** An object on which an operation runs counts as provisioned, until that fails. */
function diffStatus({ status }: { status: string }): Difference[] {
	return status.endsWith("_failed") ? [{ field: "status", declared: "provisioned", live: status }] : [];
}

function withoutFields(differences: readonly Difference[], fields: readonly string[]): Difference[] {
	return differences.filter(({ field }) => !fields.includes(field));
}

function under(block: string): (difference: Difference) => Difference {
	return (difference) => ({ ...difference, field: `${block}.${difference.field}` });
}
