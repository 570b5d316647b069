import { readFileSync } from "node:fs";
import type { Cli } from "../cli-context.ts";
import { UserError } from "../errors.ts";
import type { VhostRequest } from "../server/vhosts.ts";
import { createCertificate } from "../server/vhosts.ts";

/** Which options a kind of endpoint has. */
export interface EndpointKind {
	type: string;
	platform: string;
	ports?: "one" | "many";
	tls?: boolean;
	/** On an application load balancer (HTTPS), with the settings that only that one has. */
	alb?: boolean;
}

const PROTOCOLS = [
	"TLSv1 TLSv1.1 TLSv1.2",
	"TLSv1 TLSv1.1 TLSv1.2 PFS",
	"TLSv1.1 TLSv1.2",
	"TLSv1.1 TLSv1.2 PFS",
	"TLSv1.2",
	"TLSv1.2 PFS",
	"TLSv1.2 PFS TLSv1.3",
	"TLSv1.3",
];
const CLASSIC_PROTOCOLS = PROTOCOLS.filter((protocol) => !protocol.includes(" PFS"));

const ALGORITHMS = ["round_robin", "least_outstanding_requests", "weighted_random"];

const TEXT_SETTINGS = [
	"idle_timeout",
	"maintenance_page_url",
	"release_healthcheck_timeout",
	"ssl_protocols_override",
	"ssl_ciphers_override",
];
const FLAG_SETTINGS = ["force_ssl", "show_elb_healthchecks", "strict_health_checks", "disable_weak_cipher_suites"];

const CONFLICTS = [
	[
		["certificate_file", "private_key_file"],
		["certificate_fingerprint"],
		["managed_tls", "managed_tls_domain"],
		["default_domain"],
	],
	[["no-ip_whitelist"], ["ip_whitelist"]],
];

/** Turns the options of a create or modify command into what the API is asked for. */
export function prepare(
	cli: Cli,
	kind: EndpointKind,
	accountId: number,
	{ creating, database = false }: { creating: boolean; database?: boolean },
): { params: VhostRequest; settings: Record<string, string> } {
	refuseConflicts(cli);
	const params: VhostRequest = {};
	const sources = cli.flag("no-ip_whitelist") ? [] : (words(cli, "ip_whitelist") ?? (creating ? [] : undefined));
	if (sources) params.ip_whitelist = sources;
	const port = cli.number("port");
	if (kind.ports === "one" && port !== undefined) params.container_port = port;
	const ports = words(cli, "ports") ?? (creating ? [] : undefined);
	if (kind.ports === "many" && ports) params.container_ports = ports.map(portNumber);
	const internal = cli.flag("internal") ?? (creating ? false : undefined);
	if (internal !== undefined) params.internal = internal;
	const isDefault = cli.flag("default_domain") ?? (creating ? false : undefined);
	if (!database && isDefault !== undefined) params.default = isDefault;
	if (kind.tls) prepareTls(cli, params, accountId, creating);
	if (kind.alb) prepareLoadBalancer(cli, params);
	checkProtocols(cli, kind);
	return { params, settings: settingsOf(cli) };
}

function words(cli: Cli, name: string): string[] | undefined {
	const value = cli.options[name];
	return Array.isArray(value) ? value : undefined;
}

function portNumber(text: string): number {
	if (!/^[-+]?\d+$/.test(text)) throw new UserError(`Invalid port: ${text}`);
	return Number(text);
}

function refuseConflicts(cli: Cli): void {
	for (const group of CONFLICTS) {
		const isSet = (name: string) =>
			cli.options[name] !== undefined && cli.options[name] !== null && cli.options[name] !== false;
		if (group.filter((names) => names.some(isSet)).length < 2) continue;
		const flags = group.flat().filter(isSet).map(flagOf);
		throw new UserError(`Conflicting options provided: ${flags.join(", ")}`);
	}
}

function flagOf(name: string): string {
	return `--${name.replaceAll("_", "-")}`;
}

function prepareTls(cli: Cli, params: VhostRequest, accountId: number, creating: boolean): void {
	const fingerprint = cli.text("certificate_fingerprint");
	if (fingerprint !== undefined) params.certificate = `/certificates/${findCertificate(cli, accountId, fingerprint)}`;
	const [certificateFile, keyFile] = [cli.text("certificate_file"), cli.text("private_key_file")];
	if (certificateFile !== undefined || keyFile !== undefined) {
		if (certificateFile === undefined) throw new UserError("Missing --certificate-file");
		if (keyFile === undefined) throw new UserError("Missing --private-key-file");
		const body = { certificate_body: readPem(certificateFile), private_key: readPem(keyFile) };
		params.certificate = `/certificates/${createCertificate(cli.session, accountId, body).id}`;
	}
	const acme = cli.flag("managed_tls") ?? (creating ? false : undefined);
	if (acme !== undefined) params.acme = acme;
	const domain = cli.text("managed_tls_domain");
	if (domain !== undefined) params.user_domain = domain;
	if (creating && acme && domain === undefined)
		throw new UserError("--managed-tls-domain is required to enable Managed TLS");
}

function readPem(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		throw new UserError(
			`Failed to read certificate or private key file: No such file or directory @ rb_sysopen - ${file}`,
		);
	}
}

function findCertificate(cli: Cli, accountId: number, fingerprint: string): number {
	const matches = cli
		.read((store) => store.list("certificate", accountId))
		.filter((certificate) => certificate.sha256_fingerprint.startsWith(fingerprint));
	const distinct = new Set(matches.map((certificate) => certificate.sha256_fingerprint));
	if (distinct.size > 1) {
		throw new UserError(`Too many certificates match fingerprint ${fingerprint}, pass a more specific fingerprint `);
	}
	const [first] = matches;
	if (!first) throw new UserError(`No certificate matches fingerprint ${fingerprint}`);
	return first.id;
}

function prepareLoadBalancer(cli: Cli, params: VhostRequest): void {
	const algorithm = cli.text("load_balancing_algorithm_type");
	if (algorithm !== undefined && !ALGORITHMS.includes(algorithm)) {
		throw new UserError(
			`Invalid load balancing algorithm type: ${algorithm}. Valid options are: ${ALGORITHMS.join(", ")}`,
		);
	}
	if (algorithm !== undefined) params.load_balancing_algorithm_type = algorithm;
	const shared = cli.flag("shared");
	if (shared !== undefined) params.shared = shared;
}

function checkProtocols(cli: Cli, kind: EndpointKind): void {
	const wanted = cli.text("ssl_protocols_override");
	if (wanted === undefined || wanted === "default") return;
	if (!PROTOCOLS.includes(wanted)) {
		throw new UserError(`Invalid --ssl-protocols-override: "${wanted}". Valid options are: ${PROTOCOLS.join(", ")}`);
	}
	if (!kind.alb && !CLASSIC_PROTOCOLS.includes(wanted)) {
		throw new UserError(
			`Invalid --ssl-protocols-override: "${wanted}". PFS options are only valid for an HTTPS (ALB) endpoint. ` +
				`Valid options are: ${CLASSIC_PROTOCOLS.join(", ")}`,
		);
	}
}

/** Settings go with the provision operation; `default` resets one, which the API is told with an empty value. */
function settingsOf(cli: Cli): Record<string, string> {
	const texts = TEXT_SETTINGS.flatMap((name) => {
		const value = cli.text(name);
		return value === undefined ? [] : [[name.toUpperCase(), value === "default" ? "" : value]];
	});
	const flags = FLAG_SETTINGS.flatMap((name) => {
		const value = cli.flag(name);
		return value === undefined ? [] : [[name.toUpperCase(), String(value)]];
	});
	return Object.fromEntries([...texts, ...flags]);
}
