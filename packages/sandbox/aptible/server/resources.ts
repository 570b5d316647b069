import { ApiError } from "../errors.ts";
import type { Database, Draft, ResourceKind } from "../model.ts";
import type { ResourceStatus } from "../record.ts";
import type { Store } from "../store.ts";

/** What an operation needs to know of the record that it runs on. */
export interface Resource {
	kind: ResourceKind;
	id: number;
	/** How messages and the journal call it. */
	name: string | number;
	/** Everything that it goes by, for faults that match on a handle. */
	handles: string[];
	/** Operations whose locks are the same, or one below the other (`app:1/service:2`), run one after the other. */
	lock: string;
	/** Handle of the app it is or belongs to. */
	app?: string;
}

/** What the API says where there is nothing. */
export function notFound(): ApiError {
	return new ApiError(404, "not_found", "Resource not found");
}

/** What the API says to values that it does not take. */
export function unprocessable(message: string): ApiError {
	return new ApiError(422, "unprocessable_entity", message);
}

const HANDLE = /^[0-9a-z._-]{1,64}$/;

/** Refuses a handle that is malformed or that one of `siblings` has. */
export function checkHandle(handle: unknown, siblings: readonly { handle: string }[]): string {
	if (typeof handle !== "string" || handle === "") throw unprocessable("Handle can't be blank");
	if (!HANDLE.test(handle)) throw unprocessable("Handle is invalid");
	if (siblings.some((sibling) => sibling.handle === handle)) throw unprocessable("Handle has already been taken");
	return handle;
}

const PLURALS: Record<ResourceKind, string> = {
	app: "apps",
	service: "services",
	database: "databases",
	vhost: "vhosts",
	log_drain: "log_drains",
	metric_drain: "metric_drains",
	backup: "backups",
};

/** The name of a kind in paths. */
export function pluralOf(kind: ResourceKind): string {
	return PLURALS[kind];
}

/** Finds what an operation is asked for on; 404 if it is gone. */
export function resourceOf(store: Store, kind: ResourceKind, id: number): Resource {
	switch (kind) {
		case "app": {
			const app = store.find("app", id);
			if (!app) throw notFound();
			return { kind, id, name: app.handle, handles: [app.handle], lock: `app:${id}`, app: app.handle };
		}
		case "service": {
			const service = store.find("service", id);
			if (!service) throw notFound();
			const { handle } = store.get(service.of, service.owner);
			const own = store.meta("services_apart") === "true" ? `/service:${id}` : "";
			const base = { kind, id, name: service.process_type, lock: `${service.of}:${service.owner}${own}` };
			const handles = [service.process_type, handle];
			return service.of === "app" ? { ...base, handles, app: handle } : { ...base, handles };
		}
		case "vhost": {
			const vhost = store.find("vhost", id);
			if (!vhost) throw notFound();
			const handles = [vhost.user_domain, vhost.external_host, ...resourceOf(store, "service", vhost.owner).handles];
			return {
				kind,
				id,
				name: vhost.user_domain ?? id,
				handles: [String(id), ...handles.filter((name) => name !== null)],
				lock: `vhost:${id}`,
			};
		}
		case "backup": {
			const backup = store.find("backup", id);
			if (!backup) throw notFound();
			return { kind, id, name: id, handles: [String(id)], lock: `backup:${id}` };
		}
		default: {
			const record = store.find(kind, id);
			if (!record || ("deleted_at" in record && record.deleted_at)) throw notFound();
			return { kind, id, name: record.handle, handles: [record.handle], lock: `${kind}:${id}` };
		}
	}
}

/** Marks a record as being worked on. */
export function setStatus(store: Store, { kind, id }: Resource, status: ResourceStatus): void {
	if (kind === "service" || kind === "backup") return;
	const record = store.get(kind, id);
	store.save(kind, { ...record, status });
}

/** The databases that follow a database. */
export function replicasOf(store: Store, id: number): Database[] {
	const databases = store.list("database");
	return databases.filter((each) => each.replica && each.initialize_from_id === id && !each.deleted_at);
}

/** A database record as it is before anything was provisioned for it. */
export function databaseDraft(
	draft: Pick<Draft<"database">, "owner" | "handle" | "type" | "database_image_id"> & Partial<Draft<"database">>,
): Draft<"database"> {
	return {
		status: "pending",
		enable_backups: true,
		initial_disk_size: 10,
		initial_container_size: null,
		current_kms_arn: null,
		initialize_from_id: null,
		replica: false,
		disk: null,
		credentials: [],
		service_id: null,
		deleted_at: null,
		...draft,
	};
}
