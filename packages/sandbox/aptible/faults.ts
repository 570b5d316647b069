import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inSandbox } from "./sandbox.ts";
import type { Store } from "./store.ts";

/** What can be made to go wrong, by name. */
export const FAULTS = {
	"deploy-fails": "the next deploy or rebuild operation fails; its log says why (`reason`)",
	"provision-fails": "the next provision (or clone, replicate, restore) operation fails and leaves the record",
	"deprovision-fails": "the next deprovision operation fails and leaves the object",
	"configure-fails": "the next configure operation fails and changes nothing",
	"scale-fails": "the next scale operation fails and changes nothing",
	"part-lost":
		"the next operation that carries `part` (`env`, `settings`, `sensitive_settings`, `container_count`, ...) succeeds without it",
	"renew-fails": "the next renew operation of an endpoint fails, as when its DNS record is missing",
	"portal-down": "the log stream cannot be reached: the CLI polls the operation instead",
	"portal-early": "the log stream ends with exit 0 while the operation still runs (for `ms` more, 500 by default)",
	"connection-drops":
		"the connection dies after the server took the write (`write`: which kind, `operation` by default)",
	"request-refused": "the request for an operation is refused with `status` (422 by default) and `reason`",
	unauthorized: "the token is refused (401)",
	"secrets-hidden":
		"an answer of the API comes without secrets, as for a token that may not see them (`form`: whether an app's sensitive settings are `absent` or `empty`)",
	"not-found-race": "one list misses the newest object",
	"stale-list": "a list of the CLI or the API is answered once as it is, and then `times` more as it was that time",
	"foreign-operation":
		"right after the next operation, somebody else's lands on the same object (`outcome`: how it ends); it changes nothing",
	"operations-lag": "a list of operations lacks those that were begun since this was planted",
	"operations-order": "a list of operations comes in another `order`",
	"short-pages": "a list comes at most `perPage` at a time, whatever the caller asks for",
	"sends-twice":
		"the connection drops before the answer, and the CLI's HTTP library sends the request again (`write`: which kind, `operation` by default; `answer`: which of the two the CLI goes on with)",
	"part-missing": "a request to read something is answered with 404, as where the API hides it or has lost it",
	"answer-changed": "an answer of the API, or each item of a list, comes `without` some fields and `with` others",
	"deprovision-race": "an endpoint is gone before the CLI has its log: endpoints:deprovision fails with a 404",
	"slow-queue": "the operation stays queued for `ms` (1000 by default)",
	"api-unreachable": "the API refuses connections",
	outage: "from the next request on, and for `ms` (5000 by default), the API refuses connections",
	"api-429": "the API answers 429, with `retryAfter` in the header of that name (`1` by default)",
	"body-cut": "an answer of the API breaks off in its middle, after the server took the request",
	"html-answer": "a proxy answers in the API's place: 200, with a page of HTML",
	"slow-cli": "the CLI takes `ms` (1000 by default) before its first request",
	"halt-after-mutation": "the process that makes the `n`-th write from now hangs for ever right after it",
	"halt-before-mutation": "the process that makes the `n`-th write from now hangs for ever right before it",
} as const;

export type FaultName = keyof typeof FAULTS;

/** A fault to plant. */
export interface Fault {
	name: FaultName;
	/** How often it strikes. @default 1 */
	times?: number;
	/**
	 * Only this CLI command, or this API route (`POST /accounts`, `GET /accounts/ID/apps`), or each of a method (`GET `); a `$` at its
	 * end leaves out what is below it. @default any */
	command?: string;
	/** Only where this handle (or host name, or id) is concerned. @default any */
	handle?: string;
	/** Milliseconds, for `slow-queue`, `slow-cli`, `portal-early` and `outage`. */
	ms?: number;
	/** Which write halts, counted from 1 from now on. @default 1 */
	n?: number;
	/** HTTP status of `request-refused`. @default 422 */
	status?: number;
	/** What `api-429` asks for: seconds, or a date. @default "1" */
	retryAfter?: string;
	/** What the log or the refusal says; `""` for a log without a reason. */
	reason?: string;
	/** Which field of an operation's body `part-lost` loses. */
	part?: string;
	/** Which write `connection-drops` follows, or `sends-twice` sends. @default "operation" */
	write?: "create" | "update" | "delete" | "operation";
	/** How the operation of `foreign-operation` ends. @default "succeeded" */
	outcome?: "succeeded" | "failed";
	/** Order of `operations-order`. @default "ascending" */
	order?: "ascending" | "shuffled";
	/** Longest page of `short-pages`. @default 2 */
	perPage?: number;
	/** Which answer comes through in `sends-twice`. @default "second" */
	answer?: "first" | "second";
	/** How `secrets-hidden` hides the sensitive settings of an app; which of the two Aptible does is not documented. @default "absent" */
	form?: "absent" | "empty";
	/** Fields that `answer-changed` leaves out: `enable_backups`, `_links.disk`. */
	without?: readonly string[];
	/** Fields that `answer-changed` sets, by their paths. */
	with?: Readonly<Record<string, unknown>>;
	/** The newest operation when an `operations-lag` was planted. */
	newest?: number;
}

/** Plants a fault. */
export function setFault(dir: string, fault: Fault): void {
	const { name, times, ...params } = fault;
	const strikes = times ?? (name.startsWith("halt-") ? (fault.n ?? 1) : 1);
	inSandbox(dir, (store) => {
		if (name === "operations-lag") params.newest ??= store.list("operation").at(-1)?.id ?? 0;
		store.run("insert into faults (name, times, params) values (?, ?, ?)", name, strikes, JSON.stringify(params));
	});
}

/** Removes every fault, and lets a halted sandbox work again. */
export function clearFaults(dir: string): void {
	inSandbox(dir, (store) => {
		store.run("delete from faults");
		store.setMeta("halted", undefined);
		store.setMeta("outage_until", undefined);
		store.run("delete from meta where name like 'stale %'");
	});
	rmSync(join(dir, "halted"), { force: true });
}

/** Faults that have not struck (often enough) yet, with what each still has to do. */
export function listFaults(dir: string): Fault[] {
	return inSandbox(dir, (store) =>
		store.rows("select name, times, params from faults order by id").map(readFault),
	).filter(({ name }) => name in FAULTS);
}

function readFault(row: Record<string, unknown>): Fault {
	return { name: row.name as FaultName, times: Number(row.times), ...JSON.parse(String(row.params)) };
}

/** Names of the faults that have not struck (often enough) yet. */
export function pendingFaults(dir: string): FaultName[] {
	return listFaults(dir).map(({ name }) => name);
}

/** True once a `halt-...` fault has struck: from then on every write hangs. */
export function isHalted(dir: string): boolean {
	return existsSync(join(dir, "halted"));
}

/** What a fault may match on. */
export interface Circumstance {
	command: string;
	handles: readonly string[];
}

/** Uses up one strike of a matching fault. Call it inside a transaction. */
export function takeFault(
	store: Store,
	name: FaultName,
	{ command, handles }: Circumstance,
	matches: (fault: Fault) => boolean = () => true,
): Fault | undefined {
	for (const row of store.rows("select * from faults where name = ? order by id", name)) {
		const { times, ...fault } = readFault(row);
		const wanted =
			isOn(command, fault.command) && (fault.handle === undefined || handles.includes(fault.handle)) && matches(fault);
		if (!wanted) continue;
		const id = Number(row.id);
		if (Number(times) > 1) store.run("update faults set times = times - 1 where id = ?", id);
		else store.run("delete from faults where id = ?", id);
		return fault;
	}
	return undefined;
}

/** Whether a command or route is the wanted one, or below it; `ID` stands for any number. */
function isOn(command: string, wanted: string | undefined): boolean {
	if (wanted === undefined) return true;
	const shown = wanted.includes("/ID") ? command.replace(/\/\d+/g, "/ID") : command;
	if (wanted.endsWith("$")) return shown === wanted.slice(0, -1);
	return shown === wanted || shown.startsWith(`${wanted}/`) || (/^[A-Z]+ $/.test(wanted) && shown.startsWith(wanted));
}

/** Counts one write against a planted halt; true when this is the write that halts. */
export function countsToHalt(
	store: Store,
	name: "halt-after-mutation" | "halt-before-mutation",
	at: Circumstance,
): boolean {
	const planted = store.rows("select count(*) as n from faults where name = ?", name)[0]?.n;
	if (!planted) return false;
	takeFault(store, name, at);
	return store.rows("select count(*) as n from faults where name = ?", name)[0]?.n !== planted;
}

/** Thrown where a process has to hang. */
export class Halt extends Error {
	constructor() {
		super("sandbox: halted");
		this.name = "Halt";
	}
}

/** Leaves the file that tells a test harness that everything stands still. */
export function announceHalt(store: Store): void {
	writeFileSync(join(store.dir, "halted"), `${new Date().toISOString()}\n`);
}
