import { compare, type Difference } from "../../wire/difference.ts";
import type { EndpointSpec } from "../../wire/endpoint.ts";
import type { Endpoint, EndpointDetails } from "../api/endpoint.ts";
import type { CliOptions } from "../cli/command-line.ts";

/** Settings by the names that `endpoints:list` gives them. */
const settingNames = [
	"disable_weak_cipher_suites",
	"force_ssl",
	"idle_timeout",
	"maintenance_page_url",
	"release_healthcheck_timeout",
	"show_elb_healthchecks",
	"ssl_ciphers_override",
	"ssl_protocols_override",
	"strict_health_checks",
] as const satisfies (keyof EndpointSpec["settings"])[];

/** What of a live endpoint is compared, each as text; a field that does not go with its kind is not there. */
type Fields = Readonly<Record<string, string | undefined>>;

/**
 * How a live endpoint differs in what can be changed in place.
 *
 * @param details what only the API shows; without it, the certificate and the port of a gRPC endpoint are not compared
 * @param fingerprint of the certificate that the spec's references stand for; the differences never hold more of it
 */
export function endpointDifferences(
	spec: EndpointSpec,
	live: Endpoint,
	details?: EndpointDetails,
	fingerprint?: string,
): Difference[] {
	return compare(declaredFields(spec, details, fingerprint), liveFields(spec, live, details));
}

function declaredFields(spec: EndpointSpec, details?: EndpointDetails, fingerprint?: string): Fields {
	const { kind, ports, ipFilter, loadBalancingAlgorithm, shared, settings, certificateFingerprint } = spec;
	const wanted = fingerprint ?? certificateFingerprint;
	const hasCertificate = wanted !== undefined && details !== undefined && details.certificate !== "hidden";
	// The start of a fingerprint is enough for Aptible.
	const isMet = hasCertificate && details.certificate?.startsWith(wanted) === true;
	return {
		...(kind === "database" || (kind === "grpc" && details === undefined)
			? {}
			: { [portField(kind)]: ports.length > 0 ? sorted(ports.map(String)) : "default" }),
		ipFilter: ipFilter.length > 0 ? sorted(ipFilter) : "everyone",
		...(kind === "https"
			? { loadBalancingAlgorithm: loadBalancingAlgorithm ?? "round_robin", shared: String(shared) }
			: {}),
		...(hasCertificate ? { certificate: isMet ? details.certificate : wanted } : {}),
		...Object.fromEntries(settingNames.map((name) => [settingField(name), shownSetting(settings[name])])),
	};
}

function liveFields(spec: EndpointSpec, live: Endpoint, details?: EndpointDetails): Fields {
	const { kind, settings } = spec;
	const port = kind === "grpc" ? details?.port : live.port;
	const ports = kind === "https" || kind === "grpc" ? port : live.ports;
	return {
		[portField(kind)]: ports == null || ports === "all" ? "default" : sorted(String(ports).split(" ")),
		ipFilter: live.ip_whitelist === "all traffic" ? "everyone" : sorted(live.ip_whitelist.split(" ")),
		loadBalancingAlgorithm: live.load_balancing_algorithm_type ?? "round_robin",
		shared: String(live.shared ?? false),
		certificate: details?.certificate,
		...Object.fromEntries(
			settingNames.map((name) => {
				const shown = shownSetting(live[name]);
				// A switch that was never set is off.
				const isSwitched = typeof settings[name] === "boolean";
				if (isSwitched) return [settingField(name), shown ?? "false"];
				return [settingField(name), shown === "false" ? undefined : shown];
			}),
		),
	};
}

/** All of an endpoint that a provision operation brings about; its settings come with that operation. */
export function recordOf(live: Endpoint, details: EndpointDetails | undefined): string {
	const { port, ports, ip_whitelist, shared, load_balancing_algorithm_type } = live;
	return JSON.stringify([
		port,
		ports,
		ip_whitelist,
		shared,
		load_balancing_algorithm_type,
		details?.port,
		details?.certificate,
		...settingNames.map((name) => shownSetting(live[name])),
	]);
}

/** Options that bring about what differs; ports that are taken away and certificates are not among them. */
export function changeOptions(spec: EndpointSpec, differences: readonly Difference[]): CliOptions {
	const differing = new Set(differences.map(({ field }) => field));
	const has = (field: string) => differing.has(field);
	const filter = spec.ipFilter.length > 0 ? { ipWhitelist: spec.ipFilter } : { noIpWhitelist: true };
	return {
		...(has("port") || has("ports") ? portOptions(spec) : {}),
		...(has("ipFilter") ? filter : {}),
		...(has("loadBalancingAlgorithm")
			? { loadBalancingAlgorithmType: spec.loadBalancingAlgorithm ?? "round_robin" }
			: {}),
		...(has("shared") ? { shared: spec.shared } : {}),
		...Object.fromEntries(
			settingNames
				.filter((name) => has(settingField(name)))
				.map((name) => [camelCase(name), spec.settings[name] ?? resetOf(name)]),
		),
	};
}

/** Names of the settings among what differs, as an operation carries them. */
export function changedSettings(differences: readonly Difference[]): string[] {
	const differing = new Set(differences.map(({ field }) => field));
	return settingNames.filter((name) => differing.has(settingField(name))).map((name) => name.toUpperCase());
}

/** Options of a new endpoint, its certificate aside. */
export function creationOptions(spec: EndpointSpec): CliOptions {
	const { defaultDomain, managedTls, domain, internal, ipFilter, loadBalancingAlgorithm, shared, settings } = spec;
	return {
		...(defaultDomain ? { defaultDomain: true } : {}),
		...(managedTls ? { managedTls: true, managedTlsDomain: domain } : {}),
		...(internal ? { internal: true } : {}),
		...(ipFilter.length > 0 ? { ipWhitelist: ipFilter } : {}),
		...portOptions(spec),
		loadBalancingAlgorithmType: loadBalancingAlgorithm,
		...(shared ? { shared: true } : {}),
		...Object.fromEntries(Object.entries(settings).map(([name, value]) => [camelCase(name), value])),
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

/** A text goes back with `default`; a switch has no such word, and is off by default. */
function resetOf(name: (typeof settingNames)[number]): string | false {
	const isSwitch = /^(disable|force|show|strict)_/.test(name);
	return isSwitch ? false : "default";
}

function shownSetting(value: unknown): string | undefined {
	return value === undefined || value === null || value === "" ? undefined : String(value);
}

/** The name of a setting in the stage file. */
function settingField(name: (typeof settingNames)[number]): string {
	const names: Partial<Record<typeof name, string>> = {
		idle_timeout: "idleTimeoutSeconds",
		release_healthcheck_timeout: "releaseHealthcheckTimeoutSeconds",
		ssl_ciphers_override: "sslCiphers",
		ssl_protocols_override: "sslProtocols",
	};
	return names[name] ?? camelCase(name);
}

function sorted(words: readonly string[]): string {
	return [...words].sort().join(" ");
}

function camelCase(name: string): string {
	return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
