import type { Cli, Command } from "../cli-context.ts";
import { ApiError, UserError } from "../errors.ts";
import { databaseMinimalNode, databaseNode } from "../format.ts";
import type { Database, DatabaseImage, OperationBody } from "../model.ts";
import { keyed, list, object } from "../render.ts";
import { updateHandle } from "../server/accounts.ts";
import { createDatabase } from "../server/databases.ts";
import { operationsOf } from "../server/operations.ts";
import { credentialOf, databasesOf, findDatabase, given, refuseSizeOption } from "./finders.ts";
import { tunnel } from "./tunnel.ts";

export const commands: Record<string, Command> = {
	"db:list"(cli) {
		cli.telemetry();
		const databases = cli.visible(cli.scopedEnvironments().flatMap((account) => databasesOf(cli, account)));
		const node = cli.json ? databaseNode : databaseMinimalNode;
		const nodes = databases.map((database) =>
			cli.read((store) => node(store, database, store.get("account", database.owner))),
		);
		cli.print(list(nodes, "handle", ["environment", "handle"]));
	},

	"db:versions"(cli) {
		cli.telemetry();
		const nodes = imagesOf(cli).map(({ type, version, default: isDefault }) =>
			object({
				type,
				version,
				default: isDefault,
				description: `${type} ${version}`,
				docker_repo: `aptible/${type}:${version}`,
			}),
		);
		cli.print(list(nodes, "version", ["type"]));
	},

	"db:create": create,

	async "db:clone"(cli, source = "", handle = "") {
		cli.telemetry({ source_handle: source, dest_handle: handle });
		const { id } = findDatabase(cli, source);
		const { creates_id: made } = await cli.run("database", id, { type: "clone", handle });
		printDatabase(cli, made ?? 0);
	},

	"db:replicate": replicate,

	async "db:deprovision"(cli, handle = "") {
		cli.telemetry({ handle });
		const database = findDatabase(cli, handle);
		cli.info(`Deprovisioning ${database.handle}...`);
		await cli.run("database", database.id, { type: "deprovision" });
	},

	async "db:backup"(cli, handle = "") {
		cli.telemetry({ handle });
		const database = findDatabase(cli, handle);
		cli.info(`Backing up ${database.handle}...`);
		await cli.run("database", database.id, { type: "backup" });
	},

	async "db:reload"(cli, handle = "") {
		cli.telemetry({ handle });
		const database = findDatabase(cli, handle);
		cli.info(`Reloading ${database.handle}...`);
		await cli.run("database", database.id, { type: "reload" });
	},

	async "db:restart"(cli, handle = "") {
		cli.telemetry({ handle });
		const database = findDatabase(cli, handle);
		refuseSizeOption(cli);
		cli.info(`Restarting ${database.handle}...`);
		await cli.run("database", database.id, {
			type: "restart",
			...sizesOf(cli),
			...given({ ebs_volume_type: cli.text("volume_type") }),
		});
	},

	async "db:modify"(cli, handle = "") {
		cli.telemetry({ handle });
		const database = findDatabase(cli, handle);
		cli.info(`Modifying ${database.handle}...`);
		const changes = given({ provisioned_iops: cli.number("iops"), ebs_volume_type: cli.text("volume_type") });
		await cli.run("database", database.id, { type: "modify", ...changes });
	},

	"db:url"(cli, handle = "") {
		cli.telemetry({ handle });
		const { credential } = credentialOf(cli, handle);
		cli.print(keyed(object({ connection_url: credential.connection_url }), "connection_url"));
	},

	"db:tunnel": tunnel,

	"db:rename"(cli, oldHandle = "", newHandle = "") {
		cli.telemetry({ old_handle: oldHandle, new_handle: newHandle });
		const account = cli.environment();
		updateHandle(cli.session, "database", findDatabase(cli, oldHandle).id, { handle: newHandle });
		cli.info(
			`In order for the new database name (${newHandle}) to appear in log drain and metric drain destinations, you must reload the database.`,
		);
		cli.info(
			`You can reload your database with this command: "aptible db:reload ${newHandle} --environment ${account.handle}"`,
		);
	},
};

async function create(cli: Cli, handle = ""): Promise<void> {
	cli.telemetry({ handle });
	const account = cli.environment();
	refuseSizeOption(cli);
	const [type, version] = [cli.text("type"), cli.text("version")];
	if (version !== undefined && type === undefined) throw new UserError("--type is required when passing --version");
	checkType(cli, type ?? "postgresql");
	const image = type !== undefined && version !== undefined ? imageOf(cli, type, version) : undefined;
	const body = {
		handle,
		...given({
			initial_container_size: cli.number("container_size"),
			initial_disk_size: cli.number("disk_size"),
			current_kms_arn: cli.text("key_arn"),
		}),
		type: type ?? "postgresql",
		...(image ? { database_image: `/database_images/${image.id}` } : {}),
	};
	const database = cli.post("create", () => createDatabase(cli.session, account.id, body));
	const { operation, portal } = provisionOrCleanUp(cli, database, { type: "provision", ...sizesOf(cli) });
	await cli.attach(operation, portal);
	printDatabase(cli, database.id);
}

/** The CLI removes the record again where the request for its provision operation is refused (not where that fails). */
function provisionOrCleanUp(cli: Cli, { id }: Database, body: OperationBody): ReturnType<Cli["operation"]> {
	try {
		return cli.operation("database", id, body);
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		cli.operation("database", id, { type: "deprovision" });
		throw new UserError(error.message);
	}
}

async function replicate(cli: Cli, source = "", handle = ""): Promise<void> {
	cli.telemetry({ source_handle: source, dest_handle: handle });
	const database = findDatabase(cli, source);
	const logical = cli.flag("logical") ?? false;
	const version = cli.text("version");
	if (logical && database.type !== "postgresql") throw new UserError("Logical replication only works for PostgreSQL");
	if (logical && version === undefined) throw new UserError("--version is required for logical replication");
	const image = logical && version !== undefined ? imageOf(cli, database.type, version) : undefined;
	cli.info(`Replicating ${source}...`);
	refuseSizeOption(cli);
	const { creates_id: made } = await cli.run("database", database.id, {
		handle,
		...sizesOf(cli),
		...given({ key_arn: cli.text("key_arn") }),
		type: logical ? "replicate_logical" : "replicate",
		...(image ? { docker_ref: `aptible/${image.type}:${image.version}` } : {}),
	});
	const replica = made ?? 0;
	const provision = cli.read((store) => operationsOf(store, "database", replica).at(0));
	if (provision) await cli.attach(provision);
	printDatabase(cli, replica);
}

function sizesOf(cli: Cli): Omit<OperationBody, "type"> {
	return given({
		container_size: cli.number("container_size"),
		disk_size: cli.number("disk_size"),
		instance_profile: cli.text("container_profile"),
		provisioned_iops: cli.number("iops"),
	});
}

function imagesOf(cli: Cli): DatabaseImage[] {
	return cli.read((store) => store.list("database_image"));
}

function checkType(cli: Cli, type: string): void {
	const types = imagesOf(cli).map((image) => image.type);
	if (types.includes(type)) return;
	throw new UserError(`No Database Image of type "${type}", valid types: ${[...new Set(types)].join(", ")}`);
}

function imageOf(cli: Cli, type: string, version: string): DatabaseImage {
	const images = imagesOf(cli).filter((image) => image.type === type);
	const image = images.find((candidate) => candidate.version === version);
	if (image) return image;
	const valid = images.map((candidate) => candidate.version).join(" ");
	throw new UserError(`No Database Image of type ${type} with version ${version}, valid versions: ${valid}`);
}

/** Prints a database as it is now. */
export function printDatabase(cli: Cli, id: number): void {
	cli.print(
		cli.read((store) => {
			const database = store.get("database", id);
			return keyed(databaseNode(store, database, store.get("account", database.owner)), "connection_url");
		}),
	);
}
