import { beginRow, endRow } from "./journal.ts";
import type { Account } from "./model.ts";
import { inSandbox } from "./sandbox.ts";
import { createAccount } from "./server/accounts.ts";
import { addBackup } from "./server/backups.ts";
import { Session } from "./server/session.ts";
import type { Store } from "./store.ts";

export { defineImage, moveTag, stageImage } from "./images.ts";

const DAY_MS = 86_400_000;

/** How slow the sandbox is. What is left out stays as it was; a new sandbox has no latency. */
export interface Latency {
	/** Each call, before it does anything. */
	callMs?: number;
	/** Processor time of each process of the CLI. */
	cpuMs?: number;
	/** Each operation, from its start to its end. */
	operationMs?: number;
	/** The making of the ssh key at the first operation. */
	keygenMs?: number;
}

const latencyNames: Record<keyof Latency, string> = {
	callMs: "call_ms",
	cpuMs: "cpu_ms",
	operationMs: "operation_ms",
	keygenMs: "keygen_ms",
};

/** Makes the sandbox slow, or quick again. */
export function setLatency(dir: string, latency: Latency): void {
	inSandbox(dir, (store) => {
		for (const [key, ms] of Object.entries(latency)) {
			if (ms !== undefined) store.setMeta(latencyNames[key as keyof Latency], String(ms));
		}
	});
}

/** How slow the sandbox is. */
export function readLatency(dir: string): Required<Latency> {
	return inSandbox(dir, (store) => {
		const values = Object.entries(latencyNames).map(([key, name]) => [key, Number(store.meta(name) ?? 0)]);
		return Object.fromEntries(values) as Required<Latency>;
	});
}

/**
 * Has operations on the services of one app run side by side; those on the app itself still wait for them. Which of the two Aptible does
 * is not documented: the sandbox runs them one after the other unless it is told.
 */
export function runServicesApart(dir: string): void {
	inSandbox(dir, (store) => store.setMeta("services_apart", "true"));
}

/** Sets how far the clock of Aptible is ahead of (or, below 0, behind) the one of this machine. */
export function setClock(dir: string, aheadMs: number): void {
	inSandbox(dir, (store) => store.setMeta("clock_ms", String(aheadMs)));
}

/** Makes an environment on a stack, as the dashboard does. @default the first shared stack */
export function createEnvironment(dir: string, handle: string, stackName = "shared-ca-central-1"): Account {
	return inSandbox(dir, (store) => {
		const stack = store.list("stack").find(({ name }) => name === stackName);
		if (!stack) throw new Error(`sandbox: no stack ${stackName}`);
		const row = { source: "api", command: "POST /accounts", argv: [], mutating: true } as const;
		const journalId = beginRow(store, { ...row, argv: [...row.argv] });
		const account = createAccount(new Session(store, { journalId, command: row.command, handles: [] }), {
			handle,
			type: stack.organization_id === null ? "development" : "production",
			organization_id: store.list("organization")[0]?.uuid,
			stack_id: stack.id,
		});
		endRow(store, journalId, 201);
		return account;
	});
}

/** Gives a database the automatic backups of the last `count` days, for which the sandbox has no clock. */
export function addAutomaticBackups(dir: string, databaseHandle: string, count: number): void {
	inSandbox(dir, (store) =>
		store.transaction(() => {
			const database = store.list("database").find((each) => each.handle === databaseHandle && !each.deleted_at);
			if (!database) throw new Error(`sandbox: no database ${databaseHandle}`);
			for (let day = count; day > 0; day--) {
				addBackup(store, database, { manual: false, at: new Date(Date.now() - day * DAY_MS) });
			}
		}),
	);
}

/** For how many days PostgreSQL can be recovered to any moment (1 at first): what Aptible's support sets. */
export function setPitrDays(dir: string, environment: string, days: number): void {
	inSandbox(dir, (store) => {
		const policy = store.list("backup_retention_policy", accountOf(store, environment).id)[0];
		if (policy) store.save("backup_retention_policy", { ...policy, pitr_days: days });
	});
}

/** Takes away an environment's own backup retention policy, so that it has Aptible's. */
export function forgetRetentionPolicy(dir: string, environment: string): void {
	inSandbox(dir, (store) => {
		for (const { id } of store.list("backup_retention_policy", accountOf(store, environment).id)) store.remove(id);
	});
}

/** Leaves the log drain behind that `aptible logs` makes; the dashboard does not show it. */
export function addTailDrain(dir: string, environment: string): void {
	inSandbox(dir, (store) => {
		const { id } = accountOf(store, environment);
		store.insert("log_drain", {
			owner: id,
			handle: `tail-${id}`,
			status: "provisioned",
			drain_type: "tail",
			drain_apps: true,
			drain_databases: true,
			drain_ephemeral_sessions: true,
			drain_proxies: true,
			drain_username: null,
			drain_password: null,
			drain_host: null,
			drain_port: null,
			logging_token: null,
			url: null,
			database_id: null,
		});
	});
}

/** Has the operations so far on whatever has this handle been sent by another user. */
export function attributeOperations(dir: string, handle: string, email: string): void {
	inSandbox(dir, (store) => {
		for (const operation of store.list("operation")) {
			if (operation.resource_handle === handle) store.save("operation", { ...operation, user_email: email });
		}
	});
}

/**
 * Offers one more stack, in ca-central-1.
 *
 * @returns whether it is new
 */
export function offerStack(dir: string, name: string, isDedicated: boolean): boolean {
	return inSandbox(dir, (store) => {
		const stacks = store.list("stack");
		if (stacks.some((stack) => stack.name === name)) return false;
		const net = `198.51.100.${2 * stacks.length}`;
		store.insert("stack", {
			owner: 0,
			name,
			region: "ca-central-1",
			organization_id: isDedicated ? (store.list("organization")[0]?.uuid ?? null) : null,
			outbound_ip_addresses: [`${net}/32`],
			internal_domain: "aptible.in",
		});
		return true;
	});
}

/** Offers one more version of a database type. */
export function defineDatabaseImage(dir: string, type: string, version: string): void {
	inSandbox(dir, (store) => store.insert("database_image", { owner: 0, type, version, default: false }));
}

function accountOf(store: Store, handle: string): Account {
	const account = store.list("account").find((each) => each.handle === handle);
	if (!account) throw new Error(`sandbox: no environment ${handle}`);
	return account;
}

/** A token that the CLI can read: a JWT of a user, good for ever. */
export function sandboxToken(email = "robot@acme.example"): string {
	const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
	const user = { sub: "https://auth.aptible.com/users/1", email, exp: 4_102_444_800 };
	return `${encode({ alg: "none", typ: "JWT" })}.${encode(user)}.x`;
}
