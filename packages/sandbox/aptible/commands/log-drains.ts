import type { Cli, Command } from "../cli-context.ts";
import { ApiError, UserError } from "../errors.ts";
import { logDrainNode } from "../format.ts";
import type { ResourceKind } from "../model.ts";
import { list } from "../render.ts";
import { createLogDrain } from "../server/drains.ts";
import { findDatabase, given } from "./finders.ts";

const DATADOG_URL = 'Must be in the format of "https://http-intake.logs.datadoghq.com/v1/input/<DD_API_KEY>".';
const LOGDNA_URL = 'Must be in the format of "https://logs.logdna.com/aptible/ingest/<INGESTION KEY>".';

export const commands: Record<string, Command> = {
	"log_drain:list"(cli) {
		cli.telemetry();
		const scope = new Set(cli.scopedEnvironments().map(({ id }) => id));
		const drains = cli.read((store) => store.list("log_drain")).filter((drain) => scope.has(drain.owner));
		const nodes = cli
			.visible(drains)
			.map((drain) => cli.read((store) => logDrainNode(store, drain, store.get("account", drain.owner))));
		cli.print(list(nodes, "handle", ["environment", "handle"]));
	},

	"log_drain:create:https": (cli, handle = "") => createHttps(cli, handle),
	"log_drain:create:sumologic": (cli, handle = "") => createHttps(cli, handle),
	"log_drain:create:datadog": (cli, handle = "") => createHttps(cli, handle, DATADOG_URL),
	"log_drain:create:logdna": (cli, handle = "") => createHttps(cli, handle, LOGDNA_URL),
	"log_drain:create:papertrail": createSyslog,
	"log_drain:create:syslog": createSyslog,

	async "log_drain:create:solarwinds"(cli, handle = "") {
		cli.telemetry({ handle });
		const target = given({ drain_host: cli.text("host"), logging_token: cli.text("token") });
		await create(cli, { handle, ...target, ...sources(cli), drain_type: "solarwinds" });
	},

	async "log_drain:create:elasticsearch"(cli, handle = "") {
		cli.telemetry({ handle });
		cli.environment();
		const database = findDatabase(cli, cli.text("db"));
		const target = { database_id: database.id, ...given({ logging_token: cli.text("pipeline") }) };
		await create(cli, { handle, ...target, ...sources(cli), drain_type: "elasticsearch_database" });
	},

	async "log_drain:deprovision"(cli, handle = "") {
		cli.telemetry({ handle });
		const account = cli.environment();
		const drains = cli.visible(cli.read((store) => store.list("log_drain", account.id)));
		await deprovisionDrain(cli, "log_drain", handle, drains);
	},
};

async function createHttps(cli: Cli, handle: string, format?: string): Promise<void> {
	cli.telemetry({ handle });
	cli.environment();
	const url = cli.text("url");
	if (url === undefined) throw new UserError(["--url is required.", format].filter(Boolean).join(" "));
	await create(cli, { handle, url, ...sources(cli), drain_type: "https_post" });
}

async function createSyslog(cli: Cli, handle = ""): Promise<void> {
	cli.telemetry({ handle });
	const target = given({
		drain_host: cli.text("host"),
		drain_port: cli.text("port"),
		logging_token: cli.text("token"),
	});
	await create(cli, { handle, ...target, ...sources(cli), drain_type: "syslog_tls_tcp" });
}

function sources(cli: Cli): Record<string, boolean | undefined> {
	return {
		drain_apps: cli.flag("drain_apps"),
		drain_databases: cli.flag("drain_databases"),
		drain_ephemeral_sessions: cli.flag("drain_ephemeral_sessions"),
		drain_proxies: cli.flag("drain_proxies"),
	};
}

async function create(cli: Cli, body: Record<string, unknown>): Promise<void> {
	const drain = cli.post("create", () => createLogDrain(cli.session, cli.environment().id, body));
	await provisionDrain(cli, "log_drain", drain.id);
}

/** Provisions a new drain; the CLI removes the record again where that request is refused. */
export async function provisionDrain(cli: Cli, kind: ResourceKind, id: number): Promise<void> {
	let asked: ReturnType<Cli["operation"]>;
	try {
		asked = cli.operation(kind, id, { type: "provision" });
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		cli.operation(kind, id, { type: "deprovision" });
		throw new UserError(error.message);
	}
	await cli.attach(asked.operation, asked.portal);
}

/** Removes the drain with a handle. */
export async function deprovisionDrain(
	cli: Cli,
	kind: ResourceKind,
	handle: string,
	drains: readonly { id: number; handle: string }[],
): Promise<void> {
	const drain = drains.find((candidate) => candidate.handle === handle);
	if (!drain) throw new UserError(`No drain found with handle ${handle}`);
	await cli.run(kind, drain.id, { type: "deprovision" });
}
