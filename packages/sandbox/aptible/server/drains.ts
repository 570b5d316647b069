import type { LogDrain, MetricDrain } from "../drain-model.ts";
import { checkHandle, notFound, unprocessable } from "./resources.ts";
import type { Session } from "./session.ts";

const LOG_DRAIN_TYPES = ["https_post", "syslog_tls_tcp", "solarwinds", "elasticsearch_database"];
const METRIC_DRAIN_TYPES = ["influxdb_database", "influxdb", "influxdb2", "datadog"];

/** Fields that say what a log drain takes; all but these are fixed once it exists. */
const SOURCES = ["drain_apps", "drain_databases", "drain_ephemeral_sessions", "drain_proxies"] as const;

/** POST /accounts/{id}/log_drains. Handles are unique over all accounts (CLI 0.26.6, `helpers/log_drain.rb`). */
export function createLogDrain(session: Session, accountId: number, body: Record<string, unknown>): LogDrain {
	return session.write((store) => {
		const account = store.find("account", accountId);
		if (!account) throw notFound();
		const type = String(body.drain_type);
		if (!LOG_DRAIN_TYPES.includes(type)) throw unprocessable("Drain type is not included in the list");
		if (type === "https_post" && !/^https:\/\/\S+$/.test(String(body.url))) throw unprocessable("Url is invalid");
		const text = (name: string) => (body[name] === undefined || body[name] === null ? null : String(body[name]));
		const flag = (name: string) => body[name] === true;
		const drain = store.insert("log_drain", {
			owner: accountId,
			handle: checkHandle(body.handle, store.list("log_drain")),
			status: "pending",
			drain_type: type,
			drain_apps: flag("drain_apps"),
			drain_databases: flag("drain_databases"),
			drain_ephemeral_sessions: flag("drain_ephemeral_sessions"),
			drain_proxies: flag("drain_proxies"),
			drain_username: text("drain_username"),
			drain_password: text("drain_password"),
			drain_host: text("drain_host"),
			drain_port: text("drain_port"),
			logging_token: text("logging_token"),
			url: text("url"),
			database_id: typeof body.database_id === "number" ? body.database_id : null,
		});
		return { result: drain, handles: [drain.handle], write: { create: "log_drains", on: account.handle, body } };
	});
}

/** PUT /log_drains/{id}: what it takes can change, where it sends cannot. */
export function updateLogDrain(session: Session, id: number, body: Record<string, unknown>): void {
	session.write((store) => {
		const drain = store.find("log_drain", id);
		if (!drain) throw notFound();
		for (const source of SOURCES) {
			const wanted = body[source];
			if (typeof wanted === "boolean") drain[source] = wanted;
		}
		store.save("log_drain", drain);
		return { result: undefined, handles: [drain.handle], write: { update: "log_drains", id, body } };
	});
}

/** POST /accounts/{id}/metric_drains. */
export function createMetricDrain(session: Session, accountId: number, body: Record<string, unknown>): MetricDrain {
	return session.write((store) => {
		const account = store.find("account", accountId);
		if (!account) throw notFound();
		const type = String(body.drain_type);
		if (!METRIC_DRAIN_TYPES.includes(type)) throw unprocessable("Drain type is not included in the list");
		const configuration = body.drain_configuration;
		const drain = store.insert("metric_drain", {
			owner: accountId,
			handle: checkHandle(body.handle, store.list("metric_drain")),
			status: "pending",
			drain_type: type,
			database_id: typeof body.database_id === "number" ? body.database_id : null,
			drain_configuration: typeof configuration === "object" && configuration !== null ? { ...configuration } : {},
		});
		return { result: drain, handles: [drain.handle], write: { create: "metric_drains", on: account.handle, body } };
	});
}

/** PUT /metric_drains/{id}: taken, and without effect, since nothing about a metric drain can change. */
export function updateMetricDrain(session: Session, id: number, body: Record<string, unknown>): void {
	session.write((store) => {
		const drain = store.find("metric_drain", id);
		if (!drain) throw notFound();
		return { result: undefined, handles: [drain.handle], write: { update: "metric_drains", id, body } };
	});
}
