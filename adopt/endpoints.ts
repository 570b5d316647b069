/** Endpoints of a live app or database as a stage file says them. */
import { identifyLive } from "../aptible/endpoint/find.ts";
import type { LiveEndpoint } from "../aptible/endpoint/observe.ts";
import { type Block, lean } from "../stage-file/block.ts";
import type { EndpointKind } from "../wire/endpoint-identity.ts";
import {
	type AppEndpointKind,
	type EndpointSetting,
	settingEntries,
	shownSetting,
	writtenValue,
} from "../wire/endpoint-settings.ts";
import type { Notes } from "./notes.ts";

const defaults: Block = { defaultDomain: false, managedTls: false, internal: false, shared: false };

/** Endpoints of an app, by names made from what they are. */
export function adoptEndpoints(app: string, endpoints: readonly LiveEndpoint[], notes: Notes): Record<string, Block> {
	return named(
		endpoints,
		({ listed }) => nameOf(listed),
		(live, name) => {
			const { listed, details } = live;
			const label = `endpoint "${name}" of app "${app}"`;
			const { kind, service, internal, defaultDomain, managedTls, domain } = identifyLive(listed, false);
			noteStatus(label, listed.status, notes);
			const isHttps = kind === "https";
			const ownCertificate = !defaultDomain && !managedTls && kind !== "tcp";
			if (ownCertificate && (details?.certificate === undefined || details.certificate === "hidden")) {
				notes.add(
					label,
					"this token may not see which certificate it has; give certificate: or certificateFingerprint:",
				);
			}
			const isShown = ownCertificate && details?.certificate !== "hidden";
			return lean(
				{
					service,
					kind,
					defaultDomain,
					domain,
					managedTls,
					certificateFingerprint: isShown ? details?.certificate : undefined,
					internal,
					port: isHttps ? portNumber(listed.port) : kind === "grpc" ? details?.port : undefined,
					ports: kind === "tls" || kind === "tcp" ? portNumbers(listed.ports) : undefined,
					ipFilter: ipFilterOf(listed.ip_whitelist),
					...settingsOf(kind, listed),
					shared: isHttps ? shownSetting(listed.shared) === "true" : undefined,
					adopt: true,
				},
				defaults,
			);
		},
	);
}

/** Endpoints of a database. */
export function adoptDatabaseEndpoints(
	database: string,
	endpoints: readonly LiveEndpoint[],
	notes: Notes,
): Record<string, Block> {
	return named(
		endpoints,
		({ listed }) => (listed.internal ? "internal" : "outside"),
		({ listed }, name) => {
			noteStatus(`endpoint "${name}" of database "${database}"`, listed.status, notes);
			return lean({ internal: listed.internal, ipFilter: ipFilterOf(listed.ip_whitelist), adopt: true }, defaults);
		},
	);
}

/**
 * By their names, and a number from the second of a name on. The oldest comes first: among those that look the same, the program
 * gives the oldest to the name that sorts first.
 */
function named(
	endpoints: readonly LiveEndpoint[],
	nameOfOne: (live: LiveEndpoint) => string,
	make: (live: LiveEndpoint, name: string) => Block,
): Record<string, Block> {
	const blocks: Record<string, Block> = {};
	for (const live of [...endpoints].sort((a, b) => a.listed.id - b.listed.id)) {
		const base = nameOfOne(live);
		let name = base;
		for (let turn = 2; name in blocks; turn += 1) name = `${base}_${turn}`;
		blocks[name] = make(live, name);
	}
	return blocks;
}

function nameOf(listed: LiveEndpoint["listed"]): string {
	const { kind, service, internal, defaultDomain, domain } = identifyLive(listed, false);
	if (defaultDomain) return "default";
	const name = domain ?? `${kind}_${service}${internal ? "_internal" : ""}`;
	return name.replace("*", "any").replace(/[^A-Za-z0-9_]/g, "_");
}

/** The settings of a live endpoint, without those that a stage file has by itself. */
function settingsOf(kind: EndpointKind, listed: LiveEndpoint["listed"]): Block {
	if (kind === "database") return {};
	return Object.fromEntries(
		settingEntries.flatMap(([name, setting]) => {
			const value = setting.kinds.includes(kind)
				? adoptedValue(kind, setting, shownSetting(listed[setting.wire]))
				: undefined;
			return value === undefined ? [] : [[name, value]];
		}),
	);
}

/** What the stage file has to say so that nothing changes. */
function adoptedValue(kind: AppEndpointKind, setting: EndpointSetting, shown: string | undefined): unknown {
	const written = writtenValue(setting, kind);
	if (setting.type === "number") return shown === undefined ? undefined : Number(shown);
	if (setting.type === "switch") return (shown === "true") === (written ?? false) ? undefined : shown === "true";
	const left = setting.type === "choice" ? setting.left : undefined;
	return shown === undefined ? left : shown === written && left === undefined ? undefined : shown;
}

function portNumber(port: string | number | null | undefined): number | undefined {
	return port == null || port === "default" ? undefined : Number(port);
}

function portNumbers(ports: string | null | undefined): number[] | undefined {
	return ports == null || ports === "all" ? undefined : ports.split(" ").map(Number);
}

function ipFilterOf(shown: string): string[] {
	return shown === "all traffic" ? [] : shown.split(" ");
}

function noteStatus(label: string, status: string, notes: Notes): void {
	if (status !== "provisioned") notes.add(label, `it is ${status}; \`pulumi up\` provisions it`);
}
