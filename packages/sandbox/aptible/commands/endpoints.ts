import type { Cli, Command } from "../cli-context.ts";
import { ApiError, UserError } from "../errors.ts";
import { vhostNode } from "../format.ts";
import type { Service, Vhost } from "../model.ts";
import { list } from "../render.ts";
import { createVhost, updateVhost } from "../server/vhosts.ts";
import { type EndpointKind, prepare } from "./endpoint-options.ts";
import { findApp, findDatabase, findService, servicesOf } from "./finders.ts";

const KINDS: Record<string, EndpointKind> = {
	https: { type: "http", platform: "alb", ports: "one", tls: true, alb: true },
	grpc: { type: "grpc", platform: "elb", ports: "one", tls: true },
	tls: { type: "tls", platform: "elb", ports: "many", tls: true },
	tcp: { type: "tcp", platform: "elb", ports: "many" },
};
const DATABASE_KIND: EndpointKind = { type: "tcp", platform: "elb" };

const ofApps = Object.entries(KINDS).flatMap(([name, kind]): [string, Command][] => [
	[`endpoints:${name}:create`, (cli, type = "") => createForApp(cli, kind, type)],
	[`endpoints:${name}:modify`, (cli, hostname = "") => modifyForApp(cli, kind, hostname)],
]);

export const commands: Record<string, Command> = {
	...Object.fromEntries(ofApps),

	async "endpoints:database:create"(cli, handle = "") {
		cli.telemetry({ handle });
		const database = findDatabase(cli, handle);
		const service = serviceOfDatabase(cli, database.service_id);
		const { params, settings } = prepare(cli, DATABASE_KIND, database.owner, { creating: true, database: true });
		const { type, platform } = DATABASE_KIND;
		const vhost = cli.post("create", () => createVhost(cli.session, service.id, { type, platform, ...params }));
		await provision(cli, vhost.id, settings);
	},

	async "endpoints:database:modify"(cli, hostname = "") {
		cli.telemetry({ hostname });
		const database = findDatabase(cli, cli.text("database"));
		const vhost = findVhost(cli, [serviceOfDatabase(cli, database.service_id)], hostname);
		const { params, settings } = prepare(cli, DATABASE_KIND, database.owner, { creating: false, database: true });
		updateVhost(cli.session, vhost.id, params);
		await provision(cli, vhost.id, settings);
	},

	"endpoints:list"(cli) {
		cli.telemetry();
		const services = servicesOfAppOrDatabase(cli);
		const vhosts = cli.visible(services.flatMap((service) => vhostsOf(cli, service)));
		const nodes = vhosts.map((vhost) => cli.read((store) => vhostNode(vhost, store.get("service", vhost.owner))));
		cli.print(list(nodes));
	},

	async "endpoints:deprovision"(cli, hostname = "") {
		cli.telemetry({ hostname });
		const vhost = findVhost(cli, servicesOfAppOrDatabase(cli), hostname);
		await cli.run("vhost", vhost.id, { type: "deprovision" });
		if (cli.session.strike("deprovision-race", [hostname])) throw new ApiError(404, "not_found", "Resource not found");
	},

	async "endpoints:renew"(cli, hostname = "") {
		cli.telemetry({ hostname });
		const vhost = findVhost(cli, servicesOf(cli, findApp(cli)), hostname);
		await cli.run("vhost", vhost.id, { type: "renew" });
	},
};

async function createForApp(cli: Cli, kind: EndpointKind, processType: string): Promise<void> {
	cli.telemetry({ type: processType });
	const service = findService(cli, processType);
	const accountId = cli.read((store) => store.get("app", service.owner).owner);
	const { params, settings } = prepare(cli, kind, accountId, { creating: true });
	const { type, platform } = kind;
	const vhost = cli.post("create", () => createVhost(cli.session, service.id, { ...params, type, platform }));
	await provision(cli, vhost.id, settings);
}

async function modifyForApp(cli: Cli, kind: EndpointKind, hostname: string): Promise<void> {
	cli.telemetry({ hostname });
	const app = findApp(cli);
	const vhost = findVhost(cli, servicesOf(cli, app), hostname);
	const { params, settings } = prepare(cli, kind, app.owner, { creating: false });
	updateVhost(cli.session, vhost.id, params);
	await provision(cli, vhost.id, settings);
}

async function provision(cli: Cli, id: number, settings: Record<string, string>): Promise<void> {
	const carried = Object.keys(settings).length > 0 ? { settings } : {};
	await cli.run("vhost", id, { type: "provision", ...carried });
	cli.print(
		cli.read((store) => {
			const vhost = store.get("vhost", id);
			return vhostNode(vhost, store.get("service", vhost.owner));
		}),
	);
}

function serviceOfDatabase(cli: Cli, id: number | null): Service {
	if (id === null) throw new UserError("Database is not provisioned");
	return cli.read((store) => store.get("service", id));
}

function servicesOfAppOrDatabase(cli: Cli): Service[] {
	const database = cli.text("database");
	if (database === undefined) return servicesOf(cli, findApp(cli));
	if (cli.text("app") !== undefined) throw new UserError("You must specify only one of --app and --database");
	return [serviceOfDatabase(cli, findDatabase(cli, database).service_id)];
}

function vhostsOf(cli: Cli, service: Service): Vhost[] {
	return cli.read((store) => store.list("vhost", service.id));
}

function findVhost(cli: Cli, services: Service[], hostname: string): Vhost {
	const vhosts = services.flatMap((service) => vhostsOf(cli, service));
	const vhost = vhosts.find((candidate) => candidate.external_host === hostname);
	if (vhost) return vhost;
	const seen = vhosts.map((candidate) => candidate.external_host ?? "");
	const hint = seen.length > 0 ? ` (valid hostnames: ${seen.join(", ")})` : "";
	throw new UserError(`Endpoint with hostname ${hostname} does not exist${hint}`);
}
