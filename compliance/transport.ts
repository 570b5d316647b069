/** What is encrypted on its way. */
import { isBelowTls12 } from "../config/phi.ts";
import { endpointSettings } from "../wire/endpoint-settings.ts";
import {
	type Control,
	fails,
	holds,
	judge,
	liveOf,
	namesOf,
	notDeclared,
	type Reading,
	type Row,
	readLive,
	type Seen,
	shown,
	unknown,
} from "./control.ts";
import { type EndpointPair, pairEndpoints } from "./endpoints.ts";
import { hiddenOf, metricDrainUrl, mistakesOf } from "./phi-rules.ts";
import { hipaa, hitrust, pipeda } from "./references.ts";

const references = [...hipaa("312(e)(1)", "312(e)(2)(ii)"), ...pipeda("4.7.3"), ...hitrust("09.s")];

/** One row for each endpoint of these kinds, by one of its settings on both sides. */
function settingRows(seen: Seen, kinds: readonly string[], wire: string, read: (value: unknown) => Reading): Row[] {
	const isMeant = ({ declared, live, isDatabase }: EndpointPair) =>
		!isDatabase && kinds.includes(declared?.kind ?? live?.listed.type ?? "grpc");
	return pairEndpoints(seen)
		.filter(isMeant)
		.map(({ name, declared, live }) => ({
			object: `endpoint ${name}`,
			declared: declared === undefined ? notDeclared : read(declared.settings[wire as keyof typeof declared.settings]),
			live: readLive(
				seen,
				() => live,
				({ listed }) => read(listed[wire]),
			),
			isCompared: true,
		}));
}

const isOn = (value: unknown) => value === true || value === "true";

export const transport: readonly Control[] = [
	{
		id: "tls-floor",
		title: "TLS 1.2 or newer",
		requires: "no endpoint with TLS of Aptible's admits a version below 1.2; Aptible's default does",
		references,
		on: "both",
		phiKeys: ["apps.NAME.endpoints.NAME.sslProtocols"],
		rows: (seen) =>
			settingRows(seen, endpointSettings.sslProtocols.kinds, endpointSettings.sslProtocols.wire, (value) => {
				const protocols = typeof value === "string" && value !== "" ? value : "default";
				return judge(!isBelowTls12(protocols), protocols);
			}),
	},
	{
		id: "https-only",
		title: "HTTPS only",
		requires: "every HTTPS endpoint redirects HTTP to HTTPS, with HSTS",
		references,
		on: "both",
		phiKeys: ["apps.NAME.endpoints.NAME.forceSsl"],
		rows: (seen) =>
			settingRows(seen, endpointSettings.forceSsl.kinds, endpointSettings.forceSsl.wire, (value) =>
				judge(isOn(value), isOn(value) ? "redirects" : "lets HTTP through"),
			),
	},
	{
		id: "cipher-suites",
		title: "No weak cipher suites",
		requires: "TLS and gRPC endpoints refuse SSLv3 and RC4",
		references,
		on: "both",
		phiKeys: ["apps.NAME.endpoints.NAME.disableWeakCipherSuites"],
		rows: (seen) => {
			const { kinds, wire } = endpointSettings.disableWeakCipherSuites;
			return settingRows(seen, kinds, wire, (value) => judge(isOn(value), isOn(value) ? "refused" : "admitted"));
		},
	},
	{
		id: "database-connections",
		title: "Encrypted connections to databases",
		requires:
			"no app has the URL of Redis' unencrypted credentials; PostgreSQL and MySQL admit TLS alone (docs/facts/aptible.md §3.3)",
		references,
		on: "both",
		phiKeys: ["apps.NAME.config.NAME"],
		rows: (seen) =>
			namesOf(
				Object.keys(seen.stage.apps),
				liveOf(seen)?.snapshot.apps.map(({ app }) => app.handle),
			).map((handle) => ({
				object: `app ${handle}`,
				declared: Object.hasOwn(seen.stage.apps, handle) ? variables(plainDeclared(seen, handle)) : notDeclared,
				live: readLive(
					seen,
					({ snapshot }) => snapshot.apps.find(({ app }) => app.handle === handle),
					({ config }) =>
						config === "hidden"
							? unknown("hidden from this token")
							: variables([...config].filter(([, value]) => /\bredis:\/\//i.test(value)).map(([name]) => name)),
				),
			})),
	},
	{
		id: "metric-drain-transport",
		title: "Encrypted metrics",
		requires: "no metric drain sends to an http:// address",
		references,
		on: "both",
		phiKeys: [metricDrainUrl],
		rows: (seen) => {
			const wrong = new Set(mistakesOf(seen.draft, metricDrainUrl).map(({ place }) => String(place[1])));
			const drains = Object.entries(seen.stage.metricDrains).filter(([, drain]) => "url" in drain && drain.url);
			const hidden = new Set(hiddenOf(seen.draft, metricDrainUrl));
			const declared = drains.map(([name]): Row => {
				const reading = hidden.has(name)
					? shown("in a secret, which the preview judges")
					: wrong.has(name)
						? fails("http://")
						: holds("https://");
				return { object: `metric drain ${name}`, declared: reading };
			});
			const live = (liveOf(seen)?.snapshot.metricDrains ?? []).flatMap(({ handle, drain_configuration }): Row[] => {
				const address = Object.entries(drain_configuration ?? {}).find(
					([key]) => key === "address" || key === "url",
				)?.[1];
				if (address === undefined) return [];
				const isOpen = /^\s*http:/i.test(address);
				return [{ object: `metric drain ${handle} on Aptible`, live: judge(!isOpen, isOpen ? "http://" : "https://") }];
			});
			return [...declared, ...live];
		},
	},
];

function plainDeclared({ draft }: Seen, handle: string): string[] {
	return mistakesOf(draft, "apps.NAME.config.NAME")
		.filter(({ place }) => place[0] === "shared" || place[1] === handle)
		.map(({ place }) => String(place.at(-1)));
}

function variables(names: readonly string[]): Reading {
	const unique = [...new Set(names)].sort();
	return unique.length === 0 ? holds("none unencrypted") : fails(`unencrypted: ${unique.join(", ")}`);
}
