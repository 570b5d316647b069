/** Logs that leave the platform, and certificates. */
import { warnedDays } from "../config/certificate-rules.ts";
import { isHandleOf } from "../wire/drain.ts";
import {
	type Control,
	fails,
	holds,
	judge,
	type Live,
	liveOf,
	notDeclared,
	type Reading,
	type Row,
	readLive,
	shown,
	unknown,
} from "./control.ts";
import { type EndpointPair, pairEndpoints } from "./endpoints.ts";
import { hipaa, hitrust, pipeda } from "./references.ts";

const dayMs = 86_400_000;

interface Sources {
	readonly apps: boolean;
	readonly databases: boolean;
	readonly ephemeralSessions: boolean;
	readonly proxies: boolean;
}

function describeSources({ apps, databases, ephemeralSessions, proxies }: Sources): string {
	const names: [string, boolean][] = [
		["apps", apps],
		["databases", databases],
		["SSH sessions", ephemeralSessions],
		["requests at endpoints", proxies],
	];
	return names.flatMap(([name, isOn]) => (isOn ? [name] : [])).join(", ") || "nothing";
}

export const records: readonly Control[] = [
	{
		id: "log-drains",
		title: "Logs are kept elsewhere",
		requires:
			"a log drain takes what apps write to another place; whether there is an agreement with who keeps it is not in this report",
		references: [...hipaa("312(b)", "308(a)(1)(ii)(D)"), ...hitrust("09.aa")],
		on: "both",
		phiKeys: [],
		rows: (seen) => {
			const { logDrains } = seen.stage;
			const snapshot = liveOf(seen)?.snapshot;
			const environmentId = snapshot?.environment.id ?? 0;
			const found = (name: string, adopt: boolean) =>
				snapshot?.logDrains.find(({ handle }) => isHandleOf(handle, { name, adopt }, environmentId));
			const declared = Object.entries(logDrains);
			const ours = new Set(declared.map(([name, { adopt }]) => found(name, adopt)?.id));
			const others = (snapshot?.logDrains ?? []).filter(({ id }) => !ours.has(id));
			const readDrain = (drain: NonNullable<ReturnType<typeof found>>): Reading => {
				if (drain.status !== "provisioned") return fails(drain.status);
				const { drain_apps: apps, drain_databases: databases, drain_ephemeral_sessions: ephemeralSessions } = drain;
				return holds(describeSources({ apps, databases, ephemeralSessions, proxies: drain.drain_proxies }));
			};
			const takesApps = snapshot?.logDrains.some(({ status, drain_apps }) => status === "provisioned" && drain_apps);
			return [
				{
					object: "what apps write",
					declared: judge(
						declared.some(([, { apps }]) => apps),
						declared.some(([, { apps }]) => apps) ? "drained" : "not drained",
					),
					live: readLive(
						seen,
						() => takesApps,
						(isSo) => judge(isSo, isSo ? "drained" : "not drained"),
					),
					isCompared: true,
				},
				...declared.map(([name, drain]) => ({
					object: `log drain ${name}`,
					declared: shown(describeSources(drain)),
					live: readLive(seen, () => found(name, drain.adopt), readDrain),
					isCompared: true,
				})),
				...others.map((drain) => ({
					object: `log drain ${drain.handle}`,
					declared: notDeclared,
					live: readDrain(drain),
					isCompared: true,
				})),
			];
		},
	},
	{
		id: "certificates",
		title: "Certificates and their end",
		requires: `a managed certificate is there and valid; one of your own is valid for ${warnedDays} days more, as nobody else renews it`,
		references: [...hipaa("312(e)(1)"), ...pipeda("4.7.3"), ...hitrust("09.s")],
		on: "both",
		phiKeys: [],
		rows: (seen) =>
			pairEndpoints(seen)
				.filter(hasCertificate)
				.map(({ name, declared, live }): Row => {
					const kind = (isManaged: boolean) => (isManaged ? "managed" : "own");
					return {
						object: `endpoint ${name}`,
						declared: declared === undefined ? notDeclared : shown(kind(declared.managedTls)),
						live: readLive(
							seen,
							() => live,
							({ listed }, { certificateEnds }) => readCertificate(listed, certificateEnds, seen.now),
						),
					};
				}),
	},
];

/** Aptible's own is on a default domain, and a TCP endpoint has none. */
function hasCertificate({ declared, live, isDatabase }: EndpointPair): boolean {
	const kind = declared?.kind ?? live?.listed.type ?? "grpc";
	return !isDatabase && kind !== "tcp" && !(declared?.defaultDomain ?? live?.listed.defaultDomainEnabled);
}

function readCertificate(
	listed: NonNullable<EndpointPair["live"]>["listed"],
	ends: Live["certificateEnds"],
	now: Date,
): Reading {
	const isManaged = listed.managedTlsEnabled;
	if (isManaged && listed.managedTlsStatus !== "ready")
		return fails(`managed, ${listed.managedTlsStatus ?? "not there"}`);
	const end = ends.get(listed.certificateId ?? 0);
	if (end === undefined) return unknown(`${isManaged ? "managed, ready;" : "own,"} its end is hidden from this token`);
	const days = Math.floor((end.getTime() - now.getTime()) / dayMs);
	const value = `${isManaged ? "managed, ready" : "own"}, ends on ${end.toISOString().slice(0, 10)}`;
	return judge(days >= (isManaged ? 0 : warnedDays), value);
}
