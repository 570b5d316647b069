import { createOperation } from "./api/operations.ts";
import { listApps } from "./cli/apps.ts";
import type { CliOptions } from "./cli/cli.ts";
import {
	type CliEndpoint,
	createHttpsEndpoint,
	deprovisionEndpoint,
	listEndpoints,
	modifyHttpsEndpoint,
} from "./cli/endpoints.ts";
import type { Context, OperationObject } from "./context.ts";
import { AptibleError } from "./errors.ts";
import { environmentOf } from "./find.ts";
import {
	addressOf,
	type DnsRecord,
	type EndpointFacts,
	type EndpointSpec,
	endpointIdentity,
} from "./specs/endpoint.ts";

/** Brings an endpoint to what the spec says. Aptible gives endpoints no handle: they are told apart by their domain. */
export async function apply(
	context: Context,
	spec: EndpointSpec,
	previous: EndpointFacts | undefined,
): Promise<EndpointFacts> {
	let live = await ensureEndpoint(context, spec, previous);
	refuseOtherIdentity(spec, live);
	const object = objectOf(spec, live);
	await context.settled(object);
	live = await reread(context, spec, live);
	if (live.status !== "provisioned") {
		// A record whose provisioning failed or was cut off; it may have no host name, which is what the CLI goes by.
		await context.operate(object, "provisioning again", () =>
			createOperation(context.api, "vhosts", live.id, { type: "provision" }),
		);
		live = await reread(context, spec, live);
	}
	const changes = endpointChanges(spec, live);
	if (Object.keys(changes).length > 0) {
		const { hostname } = live;
		await context.operate(object, "changing settings", () =>
			modifyHttpsEndpoint(context.cli, spec, hostname ?? "", changes),
		);
		live = await reread(context, spec, live);
	}
	return factsOf(spec, live, await environmentId(context, spec));
}

/** Deprovisions the endpoint. One that is gone already, alone or with its app, is no error. */
export async function remove(context: Context, spec: EndpointSpec, previous: EndpointFacts | undefined): Promise<void> {
	const environment = await environmentOf(context, spec.environment, previous);
	const find = async () => {
		const app = (await listApps(context.cli, environment)).find(({ handle }) => handle === spec.app);
		if (app === undefined) return undefined;
		return findEndpoint(await listEndpoints(context.cli, { environment, app: spec.app }), spec, previous);
	};
	const live = await find();
	if (live === undefined) return;
	await context.deprovision(
		objectOf(spec, live),
		() =>
			live.hostname
				? deprovisionEndpoint(context.cli, { environment, app: spec.app }, live.hostname)
				: createOperation(context.api, "vhosts", live.id, { type: "deprovision" }),
		async () => (await find()) !== undefined,
	);
}

async function ensureEndpoint(
	context: Context,
	spec: EndpointSpec,
	previous: EndpointFacts | undefined,
): Promise<CliEndpoint> {
	const find = async () => findEndpoint(await listEndpoints(context.cli, spec), spec, previous);
	const found = await find();
	if (found !== undefined) return found;
	const failure = await context.create(labelOf(spec), "creating", () =>
		createHttpsEndpoint(context.cli, spec, spec.service, creationOptions(spec)),
	);
	const made = await find();
	if (made === undefined) {
		throw (
			failure ?? new AptibleError(`${labelOf(spec)} is not in the list after it was created. Run \`pulumi up\` again.`)
		);
	}
	await context.confirm(objectOf(spec, made), "creating", 0, failure);
	return made;
}

/** By the id it had last time, else the app's one default domain, else the managed domain. */
export function findEndpoint(
	endpoints: readonly CliEndpoint[],
	spec: { defaultDomain: boolean; domain?: string | undefined },
	previous: { id: number } | undefined,
): CliEndpoint | undefined {
	return (
		endpoints.find(({ id }) => id === previous?.id) ??
		endpoints.find((endpoint) =>
			spec.defaultDomain ? endpoint.default_domain_enabled : endpoint.managed_tls_domain === spec.domain,
		)
	);
}

function creationOptions(spec: EndpointSpec): CliOptions {
	return {
		...(spec.defaultDomain ? { defaultDomain: true } : { managedTls: true, managedTlsDomain: spec.domain }),
		...(spec.internal ? { internal: true } : {}),
		...(spec.ipFilter.length > 0 ? { ipWhitelist: spec.ipFilter } : {}),
		port: spec.port,
		...settingOptions(spec.settings),
	};
}

/** Only what differs: a modify with nothing to change still provisions the endpoint anew (recorded run 73). */
function endpointChanges(spec: EndpointSpec, live: CliEndpoint): CliOptions {
	const ipFilter = [...spec.ipFilter].sort();
	const liveFilter = live.ip_whitelist === "all traffic" ? [] : live.ip_whitelist.split(" ").sort();
	const filterOption = ipFilter.length > 0 ? { ipWhitelist: spec.ipFilter } : { noIpWhitelist: true };
	const livePort = live.port === "default" || live.port == null ? undefined : Number(live.port);
	const settings: Partial<EndpointSpec["settings"]> = {};
	const reset: Record<string, string> = {};
	for (const name of settingNames) {
		const wanted = spec.settings[name];
		const shown = live[name];
		// What was never set is not in the list; a boolean that is not there is off.
		const shownText = shown == null ? (typeof wanted === "boolean" ? "false" : undefined) : String(shown);
		const wantedText = wanted === undefined ? undefined : String(wanted);
		if (shownText === wantedText) continue;
		if (wanted !== undefined) Object.assign(settings, { [name]: wanted });
		else if (shownText !== "false") reset[camelCase(name)] = "default";
	}
	return {
		...(ipFilter.join(" ") === liveFilter.join(" ") ? {} : filterOption),
		...(spec.port !== undefined && spec.port !== livePort ? { port: spec.port } : {}),
		...settingOptions(settings),
		...reset,
	};
}

const settingNames = [
	"force_ssl",
	"idle_timeout",
	"maintenance_page_url",
	"release_healthcheck_timeout",
	"show_elb_healthchecks",
	"ssl_protocols_override",
	"strict_health_checks",
] as const satisfies (keyof EndpointSpec["settings"])[];

/** Settings as options of the CLI: `idle_timeout` is `--idle-timeout`. */
function settingOptions(settings: EndpointSpec["settings"]): CliOptions {
	return Object.fromEntries(Object.entries(settings).map(([name, value]) => [camelCase(name), value]));
}

function camelCase(name: string): string {
	return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function refuseOtherIdentity(spec: EndpointSpec, live: CliEndpoint): void {
	const shown = {
		service: live.service.service,
		internal: live.internal,
		address: addressOf({ defaultDomain: live.default_domain_enabled, domain: live.managed_tls_domain ?? undefined }),
	};
	const refused = endpointIdentity(labelOf(spec), shown, { ...spec, address: addressOf(spec) });
	if (refused !== undefined) throw new AptibleError(refused);
}

async function reread(context: Context, spec: EndpointSpec, live: CliEndpoint): Promise<CliEndpoint> {
	const again = (await listEndpoints(context.cli, spec)).find(({ id }) => id === live.id);
	if (again === undefined) throw new AptibleError(`${labelOf(spec)} has gone while it was being worked on.`);
	return again;
}

/** The list of endpoints does not say whose environment it is; the app does. */
async function environmentId(context: Context, spec: EndpointSpec): Promise<number> {
	const app = (await listApps(context.cli, spec.environment)).find(({ handle }) => handle === spec.app);
	if (app === undefined) throw new AptibleError(`app "${spec.app}" has gone while its endpoint was being worked on.`);
	return app.environment.id;
}

function factsOf(spec: EndpointSpec, live: CliEndpoint, environment: number): EndpointFacts {
	const hostname = live.hostname ?? "";
	const records: DnsRecord[] = [];
	if (spec.domain !== undefined) {
		const bare = spec.domain.replace(/^\*\./, "");
		records.push({
			type: "CNAME",
			name: `_acme-challenge.${bare}`,
			value: live.managed_tls_dns_challenge_hostname ?? `acme.${hostname}`,
			purpose: "lets the certificate be issued before traffic moves",
		});
		records.push({ type: "CNAME", name: spec.domain, value: hostname, purpose: "sends the traffic to Aptible" });
	}
	return {
		id: live.id,
		environmentId: environment,
		hostname,
		url: `https://${spec.domain ?? live.default_domain ?? hostname}`,
		dnsRecords: records,
		...(live.managed_tls_status ? { managedTlsStatus: live.managed_tls_status } : {}),
		warnings: [],
	};
}

function labelOf(spec: EndpointSpec): string {
	return `endpoint "${spec.name}" of app "${spec.app}"`;
}

function objectOf(spec: EndpointSpec, live: CliEndpoint): OperationObject {
	return { target: "vhosts", id: live.id, label: labelOf(spec) };
}
