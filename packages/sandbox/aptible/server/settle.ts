import { ApiError } from "../errors.ts";
import type { Operation, OperationStatus, ResourceKind } from "../model.ts";
import type { Store } from "../store.ts";
import { clampToAutoscaling, noteContainers, settleApp, settleService } from "./app-operations.ts";
import { settleBackup } from "./backup-operations.ts";
import { settleDatabase } from "./database-operations.ts";
import { settleDrain } from "./drain-operations.ts";
import { OperationFailure } from "./failure.ts";
import { settleVhost } from "./vhost-operations.ts";

const EFFECTS: Record<ResourceKind, (store: Store, operation: Operation) => void> = {
	app: settleApp,
	service: settleService,
	database: settleDatabase,
	vhost: settleVhost,
	log_drain: settleDrain,
	metric_drain: settleDrain,
	backup: settleBackup,
};

/** What the clock makes of an operation. */
export function statusOf(operation: Operation, nowMs = Date.now()): OperationStatus {
	if (operation.outcome) return operation.outcome;
	return nowMs < operation.start_ms ? "queued" : "running";
}

/** One line as Aptible's operation logs have it. */
export function logLine(atMs: number, level: "INFO" | "ERROR", text: string): string {
	return `${new Date(atMs).toISOString().slice(0, 19).replace("T", " ")} +0000 ${level} -- : ${text}\n`;
}

/** The part of an operation's log that is written as soon as it runs. */
export function openingLog(operation: Operation): string {
	return logLine(operation.start_ms, "INFO", `Starting operation ${operation.id}.`);
}

/** Brings about what operations do whose time has come, in the order in which they end. */
export function settleDue(store: Store, nowMs: number): void {
	if (store.dueOperations(nowMs).length === 0) return;
	store.transaction(() => {
		for (const id of store.dueOperations(nowMs)) settle(store, store.get("operation", id));
	});
}

function settle(store: Store, operation: Operation): void {
	store.db.exec("savepoint effect");
	let failure: OperationFailure | undefined;
	try {
		if (operation.cancelled) throw new OperationFailure("Operation was cancelled.");
		if (operation.planted_failure) throw new OperationFailure(...operation.planted_failure);
		if (operation.without_effect !== true) {
			EFFECTS[operation.resource_kind](store, { ...operation, body: effectiveBody(operation) });
			noteContainers(store, operation);
		}
		clampToAutoscaling(store, operation);
	} catch (error) {
		store.db.exec("rollback to effect");
		failure = failureOf(error);
		markFailed(store, operation);
	}
	store.db.exec("release effect");
	operation.outcome = failure ? "failed" : "succeeded";
	operation.log =
		openingLog(operation) +
		(failure?.lines ?? []).map((line) => logLine(operation.end_ms, "ERROR", line)).join("") +
		logLine(operation.end_ms, failure ? "ERROR" : "INFO", `Operation ${operation.id} ${operation.outcome}.`);
	store.save("operation", operation);
}

/** What of an operation comes to have an effect. */
function effectiveBody({ body, lost_part: lost }: Operation): Operation["body"] {
	if (lost === null) return body;
	return { type: body.type, ...Object.fromEntries(Object.entries(body).filter(([field]) => field !== lost)) };
}

function failureOf(error: unknown): OperationFailure {
	if (error instanceof OperationFailure) return error;
	// What it was to work on went away while it waited its turn.
	if (error instanceof ApiError) return new OperationFailure(`${error.message}.`);
	throw error;
}

function markFailed(store: Store, { type, resource_kind: kind, resource_id: id, creates_id: madeId }: Operation): void {
	const made = madeId === null ? undefined : store.find("database", madeId);
	if (made) store.save("database", { ...made, status: "provision_failed" });
	if (kind === "service" || kind === "backup" || !store.find(kind, id)) return;
	const resource = store.get(kind, id);
	if (type === "deprovision") resource.status = "deprovision_failed";
	// An endpoint that served before a failed re-provision goes on as it was.
	else if (type === "provision" && "external_host" in resource && resource.external_host !== null)
		resource.status = "provisioned";
	else if (type === "provision") resource.status = "provision_failed";
	else return;
	store.save(kind, resource);
}
