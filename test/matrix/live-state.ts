/** All that lives on an emulated Aptible, told without ids and dates, so that two of them can be compared. */
import type { Kind, Records } from "@medstack-to-aptible/sandbox/aptible/model.ts";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import type { Store } from "@medstack-to-aptible/sandbox/aptible/store.ts";

const kinds = [
	"account",
	"permission",
	"app",
	"service",
	"service_sizing_policy",
	"database",
	"backup",
	"backup_retention_policy",
	"vhost",
	"certificate",
	"log_drain",
	"metric_drain",
] as const satisfies readonly Kind[];

/** What differs between two that are the same: ids, dates, and what Aptible draws by lot or counts. */
const passing = new Set([
	...["id", "owner", "created_at", "updated_at", "ca_body", "restarts", "last_deploy_operation_id", "credentials"],
	...[
		"stack_id",
		"service_id",
		"external_host",
		"virtual_domain",
		"size",
		"initial_disk_size",
		"initial_container_size",
	],
]);

/** One line for each thing there is, sorted: what is there twice is there in two lines. */
export function liveState(dir: string): string[] {
	return inSandbox(dir, (store) =>
		kinds
			.flatMap((kind) =>
				store
					.list(kind)
					.filter(isLive)
					.map((record) => `${kind} ${tell(store, record)}`),
			)
			.sort(),
	);
}

function isLive(record: Records[(typeof kinds)[number]]): boolean {
	return !("deleted_at" in record) || record.deleted_at === null;
}

/** What was never set, as what it stands for: stop timeout in seconds (facts/aptible.md §2.3), no config, no settings. */
const defaults: Readonly<Record<string, unknown>> = { stop_timeout: 10, configuration: {}, settings: {} };

function tell(store: Store, record: Records[(typeof kinds)[number]]): string {
	const shown = Object.entries(record)
		.map(([field, value]) => [field, value ?? defaults[field] ?? null] as const)
		.filter(([field]) => !passing.has(field))
		.map(([field, value]) => [field, field.endsWith("_id") ? nameOf(store, value) : plain(store, value)])
		.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
	return `${placeOf(store, record.owner)} ${JSON.stringify(Object.fromEntries(shown))}`;
}

/** Settings within a record may name others by id; a changed drain has another turn in its handle. */
function plain(store: Store, value: unknown): unknown {
	if (typeof value === "string") return value.replace(/^([a-z]+)-\d+(-\d)?$/, "$1");
	if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
	const named = Object.entries(value).map(([field, inner]) => [
		field,
		field.endsWith("_id") ? nameOf(store, inner) : inner,
	]);
	return Object.fromEntries(named.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

/** `acme-test/portal/web`. */
function placeOf(store: Store, id: number): string {
	const owner = recordOf(store, id);
	return owner === undefined ? "" : `${placeOf(store, Number(owner.owner))}/${shortName(owner)}`;
}

function nameOf(store: Store, id: unknown): unknown {
	const record = typeof id === "number" ? recordOf(store, id) : undefined;
	return record === undefined ? id : shortName(record);
}

function shortName(record: Record<string, unknown>): unknown {
	return record.handle ?? record.process_type ?? record.sha256_fingerprint ?? record.version ?? "?";
}

function recordOf(store: Store, id: number): Record<string, unknown> | undefined {
	const row = store.rows("select data from records where id = ?", id)[0];
	return row === undefined ? undefined : JSON.parse(String(row.data));
}
