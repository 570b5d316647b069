import type { Cli, Command } from "../cli-context.ts";
import { UserError } from "../errors.ts";
import { metricDrainNode } from "../format.ts";
import { list } from "../render.ts";
import { createMetricDrain } from "../server/drains.ts";
import { findDatabase, given } from "./finders.ts";
import { deprovisionDrain, provisionDrain } from "./log-drains.ts";

const DATADOG_SITES: Record<string, string> = {
	US1: "https://app.datadoghq.com",
	US3: "https://us3.datadoghq.com",
	US5: "https://us5.datadoghq.com",
	EU1: "https://app.datadoghq.eu",
	"US1-FED": "https://app.ddog-gov.com",
};

export const commands: Record<string, Command> = {
	"metric_drain:list"(cli) {
		cli.telemetry();
		const scope = new Set(cli.scopedEnvironments().map(({ id }) => id));
		const drains = cli.read((store) => store.list("metric_drain")).filter((drain) => scope.has(drain.owner));
		const nodes = cli
			.visible(drains)
			.map((drain) => cli.read((store) => metricDrainNode(store, drain, store.get("account", drain.owner))));
		cli.print(list(nodes, "handle", ["environment", "handle"]));
	},

	async "metric_drain:create:influxdb"(cli, handle = "") {
		cli.telemetry({ handle });
		cli.environment();
		const database = findDatabase(cli, cli.text("db"));
		await create(cli, { handle, database_id: database.id, drain_type: "influxdb_database" });
	},

	async "metric_drain:create:influxdb:custom"(cli, handle = "") {
		cli.telemetry({ handle });
		const configuration = given({
			address: cli.text("url"),
			username: cli.text("username"),
			password: cli.text("password"),
			database: cli.text("db"),
		});
		await create(cli, { handle, drain_configuration: configuration, drain_type: "influxdb" });
	},

	async "metric_drain:create:influxdb:customv2"(cli, handle = "") {
		cli.telemetry({ handle });
		const configuration = given({
			address: cli.text("url"),
			org: cli.text("org"),
			authToken: cli.text("token"),
			bucket: cli.text("bucket"),
		});
		await create(cli, { handle, drain_configuration: configuration, drain_type: "influxdb2" });
	},

	async "metric_drain:create:datadog"(cli, handle = "") {
		cli.telemetry({ handle });
		cli.environment();
		const site = cli.text("site");
		const host = site === undefined ? undefined : DATADOG_SITES[site];
		if (site !== undefined && host === undefined) {
			throw new UserError(`Invalid Datadog site. Valid options are ${Object.keys(DATADOG_SITES).join(", ")}`);
		}
		const configuration = given({
			api_key: cli.text("api_key"),
			series_url: host === undefined ? undefined : `${host}/api/v1/series`,
		});
		await create(cli, { handle, drain_type: "datadog", drain_configuration: configuration });
	},

	async "metric_drain:deprovision"(cli, handle = "") {
		cli.telemetry({ handle });
		const account = cli.environment();
		const drains = cli.visible(cli.read((store) => store.list("metric_drain", account.id)));
		await deprovisionDrain(cli, "metric_drain", handle, drains);
	},
};

async function create(cli: Cli, body: Record<string, unknown>): Promise<void> {
	const drain = cli.post("create", () => createMetricDrain(cli.session, cli.environment().id, body));
	await provisionDrain(cli, "metric_drain", drain.id);
}
