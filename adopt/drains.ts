/** Live drains as a stage file says them. */
import type { ApiLogDrain, ApiMetricDrain } from "../aptible/api/drain.ts";
import { logDrainState } from "../aptible/drain/log-drain.ts";
import { metricDrainState } from "../aptible/drain/metric-drain.ts";
import { datadogSites } from "../wire/metric-drain.ts";
import { type Block, lean, type Notes } from "./notes.ts";

type Databases = readonly { id: number; handle: string }[];

const sourcesOn: Block = { apps: true, databases: true, ephemeralSessions: true, proxies: true };

/** A log drain; undefined, with a note, where a stage file has no such kind. */
export function adoptLogDrain(live: ApiLogDrain, databases: Databases, notes: Notes): Block | undefined {
	const label = `log drain "${live.handle}"`;
	const { type, sources, destination } = logDrainState(live, databases);
	const secret = (field: "url" | "token") => secretOf(live.handle, label, field, destination[field], notes);
	const { host, port, database, pipeline } = destination;
	const ports = port === undefined ? undefined : Number(port);
	const forms: Record<string, () => Block> = {
		// Kinds that send to an address by HTTPS read back as one type.
		https_post: () => ({ kind: "https", url: secret("url") }),
		syslog_tls_tcp: () => ({
			kind: "syslog",
			host,
			port: ports,
			token: destination.token === undefined ? undefined : secret("token"),
		}),
		papertrail: () => ({ kind: "papertrail", host, port: ports }),
		solarwinds: () => ({ kind: "solarwinds", host, token: secret("token") }),
		elasticsearch_database: () => ({ kind: "elasticsearch", database, pipeline }),
	};
	return finish(label, type, forms, notes, sources);
}

/** A metric drain, likewise. */
export function adoptMetricDrain(live: ApiMetricDrain, databases: Databases, notes: Notes): Block | undefined {
	const label = `metric drain "${live.handle}"`;
	const { type, destination = {} } = metricDrainState(live, databases);
	const secret = (field: string) => secretOf(live.handle, label, field, destination[field], notes);
	// An address may have a password in it.
	const url = () => (/^https?:\/\/[^@?]+$/.test(destination.url ?? "") ? destination.url : secret("url"));
	const { database, username, databaseName, org, bucket, site } = destination;
	if (type === "datadog" && site !== undefined && !(site in datadogSites)) {
		notes.add(label, `it sends to ${site}, which is none of Datadog's sites that a stage file knows`);
		return undefined;
	}
	const forms: Record<string, () => Block> = {
		influxdb_database: () => ({ kind: "influxdb", database }),
		influxdb: () => ({ kind: "influxdb:custom", url: url(), username, password: secret("password"), databaseName }),
		influxdb2: () => ({ kind: "influxdb:customv2", url: url(), org, token: secret("token"), bucket }),
		datadog: () => ({ kind: "datadog", apiKey: secret("apiKey"), site }),
	};
	return finish(label, type, forms, notes, {});
}

function finish(
	label: string,
	type: string,
	forms: Readonly<Record<string, () => Block>>,
	notes: Notes,
	sources: Block,
): Block | undefined {
	const form = forms[type];
	if (form === undefined) {
		notes.add(label, `a stage file has no drains of type ${type}; it is left alone`);
		return undefined;
	}
	return lean({ ...form(), ...sources, adopt: true }, { ...sourcesOn, adopt: undefined });
}

function secretOf(handle: string, label: string, field: string, value: string | undefined, notes: Notes): string {
	if (value === undefined) {
		notes.add(
			label,
			`this token may not see its ${field}; without it, \`pulumi up\` makes a second drain and deletes this one`,
		);
	}
	return notes.secrets.refer(`${handle} ${field}`, value ?? "", `${label}, ${field}`);
}
