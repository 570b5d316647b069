import { ApiError } from "../errors.ts";
import type { Fault, FaultName } from "../faults.ts";
import type { Database, Operation, OperationBody, ResourceKind } from "../model.ts";
import type { Store } from "../store.ts";
import { addForeign, hasOthers } from "./foreign-operation.ts";
import {
	checkHandle,
	databaseDraft,
	notFound,
	pluralOf,
	type Resource,
	resourceOf,
	setStatus,
	unprocessable,
} from "./resources.ts";
import type { Session } from "./session.ts";

/** Whom operations are said to come from; the address is the one in the caller's token. */
const USER_NAME = "Deploy Robot";

const TYPES: Record<ResourceKind, readonly string[]> = {
	app: ["deploy", "configure", "restart", "rebuild", "captain_comeback_restart", "deprovision"],
	service: ["scale"],
	database: [
		"provision",
		"restart",
		"modify",
		"reload",
		"backup",
		"clone",
		"replicate",
		"replicate_logical",
		"deprovision",
	],
	vhost: ["provision", "renew", "deprovision"],
	log_drain: ["provision", "deprovision"],
	metric_drain: ["provision", "deprovision"],
	backup: ["restore", "purge"],
};

/** Operation types that give an app's containers a restart. */
const RESTARTING = ["deploy", "configure", "restart", "rebuild", "captain_comeback_restart", "scale"];

const CONTAINER_SIZES_MB = [512, 1024, 2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760, 376832, 507904, 770048];
const MAX_DISK_GB = 16384;
const MAX_CONTAINERS = 128;

const PLANTED: { fault: FaultName; types: string[]; reason: string }[] = [
	{ fault: "deploy-fails", types: ["deploy", "rebuild"], reason: "before_deploy: bundle exec rake db:migrate: exit 1" },
	{
		fault: "provision-fails",
		types: ["provision", "clone", "replicate", "replicate_logical", "restore"],
		reason: "Timed out waiting for the resource to become available",
	},
	{ fault: "deprovision-fails", types: ["deprovision"], reason: "Timed out waiting for the resource to go away" },
	{ fault: "configure-fails", types: ["configure"], reason: "Release health check failed: service web did not answer" },
	{ fault: "scale-fails", types: ["scale"], reason: "No capacity left for the requested containers" },
	{ fault: "renew-fails", types: ["renew"], reason: "acme: error 403: unauthorized: no CNAME record found" },
];

/** How the CLI's log stream of an operation behaves. */
export type Portal = { mode: "follow" | "down" | "early" };

/** Asks for an operation, as POST .../operations does: it goes on by the clock whatever becomes of the caller. */
export function requestOperation(
	session: Session,
	kind: ResourceKind,
	id: number,
	body: OperationBody,
	portal?: Portal,
): Operation {
	const { handles } = session.read((store) => resourceOf(store, kind, id));
	const refusal = session.strike("request-refused", handles);
	if (refusal) {
		throw new ApiError(
			refusal.status ?? 422,
			(refusal.status ?? 422) < 500 ? "unprocessable_entity" : "internal_server_error",
			refusal.reason ?? "Operations are not allowed on this resource at the moment",
		);
	}
	const queue = session.strike("slow-queue", handles);
	const early = portal && misleading(session, portal, handles);
	const foreign = hasOthers(kind) ? session.strike("foreign-operation", handles) : undefined;
	const planted = PLANTED.flatMap(({ fault, types, reason }) => {
		const struck = types.includes(body.type) ? session.strike(fault, handles) : undefined;
		return struck ? [[struck.reason ?? reason].filter(Boolean)] : [];
	})[0];

	const lost = session.strike("part-lost", handles, ({ part }) => part !== undefined && part in body);

	return session.write((store) => {
		const resource = resourceOf(store, kind, id);
		check(store, resource, body);
		const startMs = startOf(store, resource.lock) + (queue ? (queue.ms ?? 1000) : 0);
		const durationMs = early ? (early.ms ?? 500) : Number(store.meta("operation_ms") ?? 0);
		const made = makeDatabase(store, resource, body);
		const operation = store.insert("operation", {
			owner: id,
			type: body.type,
			resource_kind: kind,
			resource_id: id,
			resource_handle: String(resource.name),
			lock: resource.lock,
			body,
			outcome: null,
			start_ms: startMs,
			end_ms: startMs + durationMs,
			cancelled: false,
			planted_failure: planted ?? null,
			lost_part: lost?.part ?? null,
			creates_id: made?.id ?? null,
			log: "",
			git_ref: body.git_ref ?? null,
			user_name: USER_NAME,
			user_email: session.userEmail,
		});
		if (body.type === "provision") setStatus(store, resource, "provisioning");
		if (body.type === "deprovision") setStatus(store, resource, "deprovisioning");
		if (made?.replica) provisionReplica(store, made, operation);
		if (foreign) addForeign(store, operation, foreign);
		return {
			result: operation,
			handles: resource.handles,
			write: { op: operation.id, type: body.type, kind: pluralOf(kind), on: resource.name, body: { ...body } },
			...(resource.app !== undefined && RESTARTING.includes(body.type) ? { restarts: resource.app } : {}),
		};
	});
}

/** Spoils the log stream that the caller will look at, if that is planted; answers the fault that keeps the operation going. */
function misleading(session: Session, portal: Portal, handles: string[]): Fault | undefined {
	if (session.strike("portal-down", handles)) {
		portal.mode = "down";
		return undefined;
	}
	const early = session.strike("portal-early", handles);
	if (early) portal.mode = "early";
	return early;
}

/** A resource does one thing at a time: an operation starts when those before it are over. */
function startOf(store: Store, lock: string): number {
	const excludes = (other: string) => `${other}/`.startsWith(`${lock}/`) || `${lock}/`.startsWith(`${other}/`);
	const ahead = store.openOperations().filter((operation) => excludes(operation.lock));
	return Math.max(Date.now(), ...ahead.map((operation) => operation.end_ms));
}

function check(store: Store, { kind, id }: Resource, body: OperationBody): void {
	if (!TYPES[kind].includes(body.type)) throw unprocessable("Type is not included in the list");
	const { container_size: size, container_count: count, disk_size: disk } = body;
	if (size !== undefined && !CONTAINER_SIZES_MB.includes(size))
		throw unprocessable("Container size is not included in the list");
	if (count !== undefined && (!Number.isInteger(count) || count < 0 || count > MAX_CONTAINERS)) {
		throw unprocessable(`Container count must be between 0 and ${MAX_CONTAINERS}`);
	}
	if (disk !== undefined && (!Number.isInteger(disk) || disk < 1 || disk > MAX_DISK_GB)) {
		throw unprocessable(`Disk size must be between 1 and ${MAX_DISK_GB}`);
	}
	if (kind === "database" && !["provision", "deprovision"].includes(body.type)) {
		if (store.get("database", id).status !== "provisioned") throw unprocessable("Database is not provisioned");
	}
}

/** The record of the database that a clone, replica or restore makes: there from the start, provisioned later. */
function makeDatabase(store: Store, { kind, id }: Resource, body: OperationBody): Database | undefined {
	if (!["clone", "replicate", "replicate_logical", "restore"].includes(body.type)) return undefined;
	const source = store.get("database", kind === "backup" ? store.get("backup", id).database_id : id);
	const account = body.destination_account_id ?? (kind === "backup" ? store.get("backup", id).owner : source.owner);
	const siblings = store.list("database", account).filter((database) => !database.deleted_at);
	const image = body.docker_ref
		? store
				.list("database_image")
				.find((candidate) => `aptible/${candidate.type}:${candidate.version}` === body.docker_ref)
		: undefined;
	return store.insert(
		"database",
		databaseDraft({
			owner: account,
			handle: checkHandle(body.handle, siblings),
			type: source.type,
			database_image_id: image?.id ?? source.database_image_id,
			status: "provisioning",
			initial_disk_size: body.disk_size ?? source.disk?.size ?? source.initial_disk_size,
			current_kms_arn: body.key_arn ?? source.current_kms_arn,
			initialize_from_id: source.id,
			replica: body.type.startsWith("replicate"),
		}),
	);
}

/** A replica has a provision operation of its own, which runs when its source has let go. */
function provisionReplica(store: Store, replica: Database, source: Operation): void {
	const { type: _, ...sizes } = source.body;
	store.insert("operation", {
		owner: replica.id,
		type: "provision",
		resource_kind: "database",
		resource_id: replica.id,
		resource_handle: replica.handle,
		lock: `database:${replica.id}`,
		body: { ...sizes, type: "provision" },
		outcome: null,
		start_ms: source.end_ms,
		end_ms: source.end_ms + (source.end_ms - source.start_ms),
		cancelled: false,
		planted_failure: source.planted_failure,
		lost_part: null,
		creates_id: null,
		log: "",
		git_ref: null,
		user_name: source.user_name,
		user_email: source.user_email,
	});
}

/** Operations of one record, newest first. */
export function operationsOf(store: Store, kind: ResourceKind, id: number): Operation[] {
	return store
		.list("operation", id)
		.filter((operation) => operation.resource_kind === kind)
		.reverse();
}

/** Asks for an operation to be given up; one that is over stays as it is. */
export function cancelOperation(session: Session, id: number): Operation {
	return session.write((store) => {
		const operation = store.find("operation", id);
		if (!operation) throw notFound();
		if (operation.outcome === null) {
			operation.cancelled = true;
			operation.start_ms = Math.min(operation.start_ms, Date.now());
			operation.end_ms = Date.now();
			store.save("operation", operation);
		}
		return {
			result: operation,
			handles: [operation.resource_handle],
			write: { update: "operations", id, body: { cancelled: true } },
		};
	});
}
