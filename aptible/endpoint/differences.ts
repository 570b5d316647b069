import { compare, type Difference } from "../../wire/difference.ts";
import type { EndpointSpec } from "../../wire/endpoint.ts";
import { type EndpointSetting, settingEntries, shownSetting } from "../../wire/endpoint-settings.ts";
import type { Endpoint, EndpointDetails } from "../api/endpoint.ts";
import type { CliOptions, OptionValue } from "../cli/command-line.ts";

/** What of a live endpoint is compared, each as text; a field that does not go with its kind is not there. */
type Fields = Readonly<Record<string, string | undefined>>;

/**
 * How a live endpoint differs in what can be changed in place.
 *
 * @param details its port and certificate (`readEndpointDetails`); without them, the certificate and the port of a gRPC endpoint are not compared
 * @param fingerprint of the certificate that the spec's references stand for; the differences never hold more of it
 */
export function diffEndpoint(
	spec: EndpointSpec,
	live: Endpoint,
	details?: EndpointDetails,
	fingerprint?: string,
): Difference[] {
	return compare(declaredFields(spec, details, fingerprint), liveFields(spec, live, details));
}

function declaredFields(spec: EndpointSpec, details?: EndpointDetails, fingerprint?: string): Fields {
	const { kind, ports, ipFilter, shared, certificateFingerprint } = spec;
	const wanted = fingerprint ?? certificateFingerprint;
	const hasCertificate = wanted !== undefined && details !== undefined && details.certificate !== "hidden";
	// The start of a fingerprint is enough for Aptible.
	const isMet = hasCertificate && details.certificate?.startsWith(wanted) === true;
	return {
		...(kind === "database" || (kind === "grpc" && details === undefined)
			? {}
			: { [portField(kind)]: ports.length > 0 ? sorted(ports.map(String)) : "default" }),
		ipFilter: ipFilter.length > 0 ? sorted(ipFilter) : "everyone",
		...(kind === "https" ? { shared: String(shared) } : {}),
		...(hasCertificate ? { certificate: isMet ? details.certificate : wanted } : {}),
		...Object.fromEntries(
			compared(spec).map(([name, setting]) => {
				const declared = shownSetting(specValue(spec, name, setting));
				return [name, declared ?? (setting.at === "spec" ? String(setting.reset) : undefined)];
			}),
		),
	};
}

function liveFields(spec: EndpointSpec, live: Endpoint, details?: EndpointDetails): Fields {
	const { kind } = spec;
	const port = kind === "grpc" ? details?.port : live.port;
	const ports = kind === "https" || kind === "grpc" ? port : live.ports;
	return {
		[portField(kind)]: ports == null || ports === "all" ? "default" : sorted(String(ports).split(" ")),
		ipFilter: live.ip_whitelist === "all traffic" ? "everyone" : sorted(live.ip_whitelist.split(" ")),
		shared: String(live.shared ?? false),
		certificate: details?.certificate,
		...Object.fromEntries(
			compared(spec).map(([name, setting]) => {
				const shown = shownSetting(live[setting.wire]);
				if (setting.at === "spec") return [name, shown ?? String(setting.reset)];
				// A switch that was never set is off.
				if (setting.type === "switch" && specValue(spec, name, setting) !== undefined) return [name, shown ?? "false"];
				return [name, shown === "false" ? undefined : shown];
			}),
		),
	};
}

/** Settings that an endpoint of the spec's kind is compared in. What somebody set that its kind does not have is taken back. */
function compared({ kind }: EndpointSpec): typeof settingEntries {
	return settingEntries.filter(([, { at, kinds }]) => at === undefined || kinds.some((one) => one === kind));
}

function specValue(spec: EndpointSpec, name: string, { at, wire }: EndpointSetting): OptionValue {
	const fields: Readonly<Record<string, unknown>> = at === "spec" ? spec : spec.settings;
	return fields[at === "spec" ? name : wire] as OptionValue;
}

/**
 * All of an endpoint that a provision operation brings about; its settings come with that operation. It is compared with what earlier
 * versions recorded, so a later setting is in it only where it is set.
 */
export function recordOf(live: Endpoint, details: EndpointDetails | undefined): string {
	const { port, ports, ip_whitelist, shared } = live;
	const record: unknown[] = [port, ports, ip_whitelist, shared, undefined, details?.port, details?.certificate];
	const later = settingEntries.flatMap(([, { slot, wire }]): [string, string][] => {
		const shown = shownSetting(live[wire]);
		if (slot !== undefined) record[slot] = shown;
		return slot === undefined && shown !== undefined ? [[wire, shown]] : [];
	});
	record.push(...later);
	return JSON.stringify(record);
}

/** Options that bring about what differs; ports that are taken away and certificates are not among them. */
export function changeOptions(spec: EndpointSpec, differences: readonly Difference[]): CliOptions {
	const differing = new Set(differences.map(({ field }) => field));
	const has = (field: string) => differing.has(field);
	const filter = spec.ipFilter.length > 0 ? { ipWhitelist: spec.ipFilter } : { noIpWhitelist: true };
	return {
		...(has("port") || has("ports") ? portOptions(spec) : {}),
		...(has("ipFilter") ? filter : {}),
		...(has("shared") ? { shared: spec.shared } : {}),
		...Object.fromEntries(
			settingEntries
				.filter(([name]) => has(name))
				.map(([name, setting]) => [camelCase(setting.wire), specValue(spec, name, setting) ?? setting.reset]),
		),
	};
}

/** Names of the settings among what differs, as an operation carries them. */
export function changedSettings(differences: readonly Difference[]): string[] {
	const differing = new Set(differences.map(({ field }) => field));
	return settingEntries.flatMap(([name, { at, wire }]) =>
		at === undefined && differing.has(name) ? [wire.toUpperCase()] : [],
	);
}

/** Options of a new endpoint, its certificate aside. */
export function creationOptions(spec: EndpointSpec): CliOptions {
	const { defaultDomain, managedTls, domain, internal, ipFilter, shared } = spec;
	return {
		...(defaultDomain ? { defaultDomain: true } : {}),
		...(managedTls ? { managedTls: true, managedTlsDomain: domain } : {}),
		...(internal ? { internal: true } : {}),
		...(ipFilter.length > 0 ? { ipWhitelist: ipFilter } : {}),
		...portOptions(spec),
		...(shared ? { shared: true } : {}),
		...Object.fromEntries(
			settingEntries.map(([name, setting]) => [camelCase(setting.wire), specValue(spec, name, setting)]),
		),
	};
}

/** Declared settings as a provision operation of the API carries them. */
export function operationSettings(spec: EndpointSpec): Record<string, string> {
	return Object.fromEntries(Object.entries(spec.settings).map(([name, value]) => [name.toUpperCase(), String(value)]));
}

function portOptions({ kind, ports }: EndpointSpec): CliOptions {
	if (ports.length === 0) return {};
	return portField(kind) === "port" ? { port: ports[0] } : { ports: ports.map(String) };
}

function portField(kind: EndpointSpec["kind"]): "port" | "ports" {
	return kind === "https" || kind === "grpc" ? "port" : "ports";
}

function sorted(words: readonly string[]): string {
	return [...words].sort().join(" ");
}

function camelCase(name: string): string {
	return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
