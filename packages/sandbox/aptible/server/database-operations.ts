import { randomBytes } from "node:crypto";
import type { Credential, Database, Operation } from "../model.ts";
import type { Store } from "../store.ts";
import { instanceClass, removeService } from "./app-operations.ts";
import { addBackup, forgetIfGone } from "./backups.ts";
import { OperationFailure } from "./failure.ts";
import { replicasOf } from "./resources.ts";

const DEFAULT_IOPS = 3000;
const DEFAULT_CONTAINER_MB = 1024;

/** Types of connection that a database offers; the first one is its default. */
const CREDENTIALS: Record<string, { type: string; scheme: string; path: string }[]> = {
	postgresql: [{ type: "postgresql", scheme: "postgresql", path: "/db" }],
	redis: [
		{ type: "redis", scheme: "redis", path: "" },
		{ type: "redis+ssl", scheme: "rediss", path: "" },
	],
	mysql: [{ type: "mysql", scheme: "mysql", path: "/db" }],
	mongodb: [{ type: "mongodb", scheme: "mongodb", path: "/db?ssl=true" }],
	elasticsearch: [{ type: "elasticsearch", scheme: "https", path: "" }],
	influxdb: [{ type: "influxdb", scheme: "https", path: "" }],
	rabbitmq: [
		{ type: "amqps", scheme: "amqps", path: "/db" },
		{ type: "management", scheme: "https", path: "/db" },
	],
};

/** Carries out an operation on a database. */
export function settleDatabase(store: Store, operation: Operation): void {
	const database = store.get("database", operation.resource_id);
	switch (operation.type) {
		case "provision":
			provision(store, database, operation);
			break;
		case "restart":
		case "modify":
			resize(store, database, operation);
			break;
		case "backup":
			addBackup(store, database, { manual: true, operation: operation.id });
			break;
		case "clone":
			provision(store, store.get("database", operation.creates_id ?? 0), operation);
			break;
		case "deprovision":
			deprovision(store, database);
	}
}

/** Gives a database record its disk, service and credentials. */
export function provision(store: Store, database: Database, { body }: Operation): void {
	if (database.service_id !== null) {
		store.save("database", { ...database, status: "provisioned" });
		return;
	}
	const service = store.insert("service", {
		owner: database.id,
		process_type: "database",
		container_count: 1,
		container_memory_limit_mb: body.container_size ?? database.initial_container_size ?? DEFAULT_CONTAINER_MB,
		instance_class: instanceClass(body.instance_profile),
		force_zero_downtime: false,
		naive_health_check: false,
		restart_free_scaling: false,
		stop_timeout: null,
		of: "database",
	});
	store.save("database", {
		...database,
		status: "provisioned",
		service_id: service.id,
		disk: {
			size: body.disk_size ?? database.initial_disk_size,
			ebs_volume_type: "gp3",
			baseline_iops: body.provisioned_iops ?? DEFAULT_IOPS,
		},
		credentials: credentialsOf(database),
	});
}

/** As the images print them with `--connection-url`; Redis has users from version 6 on, and no older one is made. */
function credentialsOf({ id, type }: Database): Credential[] {
	const password = randomBytes(16).toString("hex");
	const host = `db-acme-${id}.aptible.in:${20_000 + id}`;
	return (CREDENTIALS[type] ?? [{ type, scheme: type, path: "/db" }]).map(({ type, scheme, path }, index) => ({
		id: id * 10 + index,
		type,
		connection_url: `${scheme}://aptible:${password}@${host}${path}`,
		default: index === 0,
	}));
}

function resize(store: Store, database: Database, { body }: Operation): void {
	const { disk, service_id: serviceId } = database;
	if (!disk || serviceId === null) throw new OperationFailure("The database is not provisioned.");
	if (body.disk_size !== undefined && body.disk_size < disk.size) {
		throw new OperationFailure(
			`Disk size cannot be decreased (it is ${disk.size} GB, ${body.disk_size} GB was asked for).`,
		);
	}
	const service = store.get("service", serviceId);
	service.container_memory_limit_mb = body.container_size ?? service.container_memory_limit_mb;
	if (body.instance_profile) service.instance_class = instanceClass(body.instance_profile);
	store.save("service", service);
	disk.size = body.disk_size ?? disk.size;
	disk.baseline_iops = body.provisioned_iops ?? disk.baseline_iops;
	disk.ebs_volume_type = body.ebs_volume_type ?? disk.ebs_volume_type;
	store.save("database", database);
}

function deprovision(store: Store, database: Database): void {
	const follower = replicasOf(store, database.id)[0];
	if (follower) throw new OperationFailure(`Database ${database.handle} still has a replica: ${follower.handle}.`);
	for (const backup of store.list("backup", database.owner)) {
		if (backup.database_id === database.id && !backup.manual) store.remove(backup.id);
	}
	const keepsFinal = store.list("backup_retention_policy", database.owner)[0]?.keep_final ?? true;
	// A database that is left out of automatic backups gets no final one either (Aptible docs: database backups).
	if (keepsFinal && database.enable_backups && database.disk) addBackup(store, database, { manual: false });
	for (const service of store.list("service", database.id)) removeService(store, service);
	store.save("database", { ...database, deleted_at: store.now().toISOString(), credentials: [], service_id: null });
	forgetIfGone(store, database.id);
}
