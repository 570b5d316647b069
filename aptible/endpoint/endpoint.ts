import { type EndpointFacts, type EndpointSpec, refuseUnsharing } from "../../wire/endpoint.ts";
import { endpointLabel, exclusiveAddress, refuseEndpointIdentityChange } from "../../wire/endpoint-identity.ts";
import { readDatabaseUrls } from "../api/database.ts";
import type { Endpoint } from "../api/endpoint.ts";
import { objectExists } from "../api/existence.ts";
import { createOperation } from "../api/operation.ts";
import type { Carried } from "../carried.ts";
import type { CliOptions } from "../cli/command-line.ts";
import { createEndpoint, deprovisionEndpoint } from "../cli/endpoint.ts";
import { AptibleError, isAlreadyThere, mayHaveArrived, unlessGone } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { environmentNamed, liveEnvironmentOf, refuseHidden } from "../find.ts";
import { waitForAnswer } from "./answer.ts";
import { certificateMarks, type FilledCertificate, fillCertificate, withCertificate } from "./certificate.ts";
import { creationOptions, operationSettings, recordOf } from "./differences.ts";
import { dnsRecordsOf, urlOf } from "./facts.ts";
import { type EndpointTraces, findEndpoint, identifyLive, looksLike, ownCandidates } from "./find.ts";
import {
	findOwnerLocator,
	isProvisioned,
	type LiveEndpoint,
	lookFor,
	objectOf,
	observe,
	toLocator,
	tracesOf,
	withDetails,
} from "./observe.ts";
import { findOwner, listEndpoints } from "./owner.ts";
import { renewWhenDnsIsInPlace } from "./renewal.ts";
import { refuseOnIdleService } from "./service.ts";
import { sync } from "./sync.ts";
import { chooseTwin, isBegun, removeTwins } from "./twins.ts";

/** Brings an endpoint to what the spec says: makes it, finishes what an earlier run began, changes what differs, gets its certificate. */
export async function apply(
	context: Context,
	spec: EndpointSpec,
	previous: EndpointFacts | undefined,
): Promise<EndpointFacts> {
	const own = await fillCertificate(context, spec);
	const { live: found, isNew } = await ensureEndpoint(context, spec, own, previous);
	const { id } = found.listed;
	const environmentId = (await environmentNamed(context, spec.environment)).id;
	let live = await sync(context, spec, await finish(context, spec, found), { environmentId, own, previous });
	const object = objectOf(spec, id);
	const operation = (await context.waitUntilIdle(object))?.id ?? 0;
	const hasWaited = operation !== previous?.operation && (await awaitAnswer(context, spec, live.listed));
	if (isNew) adviseOnNew(context, spec);
	const warnings = await renewWhenDnsIsInPlace(context, spec, object, live.listed);
	const isLater = hasWaited || warnings !== undefined;
	const newest = isLater ? ((await context.waitUntilIdle(object))?.id ?? 0) : operation;
	if (newest !== operation) live = await observe(context, spec, id);
	const { listed, details } = live;
	return {
		id,
		environmentId,
		hostname: listed.hostname ?? "",
		url: urlOf(spec, listed, await databasePort(context, spec)),
		dnsRecords: dnsRecordsOf(spec, listed),
		...(listed.managedTlsStatus ? { managedTlsStatus: listed.managedTlsStatus } : {}),
		...certificateMarks(spec, own),
		record: recordOf(listed, details),
		operation: newest,
		warnings: warnings ?? [],
	};
}

/** Deprovisions the endpoint. One that is gone already, alone or with its app or database, is no error. */
export async function remove(context: Context, spec: EndpointSpec, previous: EndpointFacts | undefined): Promise<void> {
	const environment = await liveEnvironmentOf(context, spec.environment, previous);
	const list = () => listEndpoints(context, { on: spec.on, environmentId: environment.id });
	if (previous !== undefined && !(await objectExists(context.api, "vhosts", previous.id))) {
		// Its app may be gone with it.
		const isListed = async () => (await list().catch(unlessGone))?.some(({ id }) => id === previous.id) === true;
		return refuseHidden(context, objectOf(spec, previous.id), isListed);
	}
	const at = { ...spec.on, environment: environment.handle };
	const listed = await list();
	// Only the recorded one: what else looks like it is another's.
	const isRecorded = previous !== undefined || exclusiveAddress(spec) === undefined;
	const live = isRecorded ? listed.find(({ id }) => id === previous?.id) : findEndpoint(listed, spec, {});
	const id = live?.id ?? previous?.id;
	if (id === undefined) return;
	await context.deprovision(
		objectOf(spec, id),
		() =>
			live?.hostname
				? deprovisionEndpoint(context.cli, at, live.hostname)
				: createOperation(context.api, "vhosts", id, { type: "deprovision" }),
		() => objectExists(context.api, "vhosts", id),
	);
}

/** Finds the endpoint or makes it; no operation runs on it. */
async function ensureEndpoint(
	context: Context,
	spec: EndpointSpec,
	own: FilledCertificate | undefined,
	previous: EndpointFacts | undefined,
): Promise<{ live: LiveEndpoint; isNew: boolean }> {
	const label = endpointLabel(spec.name, spec.on);
	if (previous !== undefined) await context.waitUntilIdle(objectOf(spec, previous.id)).catch(unlessGone);
	const traces = tracesOf(previous);
	const { found: listed, endpoints: before } = await lookFor(context, spec, traces);
	const isUnlisted =
		listed === undefined && previous !== undefined && (await objectExists(context.api, "vhosts", previous.id));
	// The list lags behind: a second one must not be made in its place.
	const found = isUnlisted ? (await observe(context, spec, previous.id)).listed : listed;
	if (found !== undefined) {
		const identity = identifyLive(found, spec.kind === "database");
		const shared = String(found.shared ?? false) === "true";
		const refused = refuseEndpointIdentityChange(label, identity, spec) ?? refuseUnsharing(label, shared, spec.shared);
		if (refused !== undefined) throw new AptibleError(refused);
		if (found.id === previous?.id) return { live: await withDetails(context, spec, found), isNew: false };
		const { id } = await finishLeftOver(context, spec, traces, found, before);
		return { live: await observe(context, spec, id), isNew: false };
	}
	await refuseOnIdleService(context, spec);
	const sent = await context.create(label, "creating", () => create(context, spec, own));
	const { failure } = sent;
	const locator = await findOwnerLocator(context, spec);
	const look = async () => {
		const now = await listEndpoints(context, locator);
		const fresh = now.filter(({ id }) => !before.some((one) => one.id === id));
		return fresh.filter((endpoint) => looksLike(endpoint, spec));
	};
	const candidates = await readUntil(context, look, ({ length }) => length > 0 || !mayHaveArrived(failure));
	const made = await chooseTwin(context, candidates);
	if (made === undefined) {
		throw failure ?? new AptibleError(`${label} is not in the list after it was created. Run \`pulumi up\` again.`);
	}
	// Sent twice where there can be only one: the record is there, and nobody has provisioned it yet.
	if (!isAlreadyThere(failure) || (await isBegun(context, made))) {
		await context.confirm(objectOf(spec, made.id), { doing: "creating", carries: provisionOf(spec) }, 0, sent);
	}
	await removeTwins(context, spec, made, candidates);
	const isReady = made.status === "provisioned";
	return {
		live: isReady ? await withDetails(context, spec, made) : await observe(context, spec, made.id, isProvisioned),
		isNew: true,
	};
}

/** What a run that was killed has left: what runs on it is waited for, and of two records from one request one goes. */
async function finishLeftOver(
	context: Context,
	spec: EndpointSpec,
	traces: EndpointTraces,
	found: Endpoint,
	listed: readonly Endpoint[],
): Promise<Endpoint> {
	const isOurs = traces.previous !== undefined || (traces.claim !== undefined && traces.claim.id !== found.id);
	const candidates = isOurs ? ownCandidates(listed, spec, traces) : [];
	const kept = (await chooseTwin(context, candidates)) ?? found;
	await context.waitUntilIdle(objectOf(spec, kept.id));
	await removeTwins(context, spec, kept, candidates);
	return kept;
}

async function create(context: Context, spec: EndpointSpec, own: FilledCertificate | undefined): Promise<void> {
	const send = (certificate: CliOptions) =>
		createEndpoint(context.cli, toLocator(spec), spec.kind, spec.service ?? "", {
			...creationOptions(spec),
			...certificate,
		});
	if (own === undefined && spec.certificateFingerprint === undefined) return send({});
	const { id } = await environmentNamed(context, spec.environment);
	return withCertificate(context, spec, id, own, "certificate", send);
}

/** Provisions a record whose provisioning failed or was cut off; it may have no host name, which is what the CLI goes by. */
async function finish(context: Context, spec: EndpointSpec, live: LiveEndpoint): Promise<LiveEndpoint> {
	const { id, status, hostname } = live.listed;
	if (status === "provisioned") return live;
	if (!hostname) await refuseOnIdleService(context, spec);
	const settings = operationSettings(spec);
	await context.operate(objectOf(spec, id), { doing: "provisioning again", carries: provisionOf(spec) }, () =>
		createOperation(context.api, "vhosts", id, {
			type: "provision",
			...(Object.keys(settings).length > 0 ? { settings } : {}),
		}),
	);
	return observe(context, spec, id, isProvisioned);
}

function provisionOf(spec: EndpointSpec): Carried {
	return { type: "provision", settings: Object.keys(operationSettings(spec)) };
}

/** An endpoint of a database has the database's own port. */
async function databasePort(context: Context, spec: EndpointSpec): Promise<number | undefined> {
	if ("app" in spec.on) return undefined;
	const database = await findOwner(context, await findOwnerLocator(context, spec));
	const url = database && (await readDatabaseUrls(context.api, database.id)).connectionUrl;
	if (!url) return undefined;
	context.redactor.addUrl(url);
	return Number(URL.parse(url)?.port) || undefined;
}

/** The database's certificate is made when it starts (facts/aptible.md §1). */
function adviseOnNew(context: Context, { on, environment, restartFollows }: EndpointSpec): void {
	if ("app" in on || restartFollows === true) return;
	const command = `aptible db:reload ${on.database} --environment ${environment}`;
	context.progress(`database "${on.database}" has a new endpoint: its certificate names it only after \`${command}\``);
}

/** @returns whether it had to be waited for */
async function awaitAnswer(
	context: Context,
	spec: EndpointSpec,
	{ hostname, defaultDomain }: Endpoint,
): Promise<boolean> {
	const { answersWithinSeconds: seconds, domain, settings } = spec;
	if (seconds === undefined || !hostname) return false;
	const label = endpointLabel(spec.name, spec.on);
	const path = settings.strict_health_checks === true ? "/healthcheck" : "/";
	const host = (domain ?? defaultDomain ?? hostname).replace(/^\*\./, "any.");
	await context.during(`${label}: waiting for an answer`, () =>
		waitForAnswer({ label, hostname, host, path }, seconds),
	);
	return true;
}
