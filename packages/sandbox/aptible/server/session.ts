import {
	announceHalt,
	type Circumstance,
	countsToHalt,
	type Fault,
	type FaultName,
	Halt,
	takeFault,
} from "../faults.ts";
import { noteWrite, type Write } from "../journal.ts";
import type { Store } from "../store.ts";
import { settleDue } from "./settle.ts";

/** Whose token is taken for one that says nothing of its user. */
const USER_EMAIL = "robot@acme.example";

/** A change ready to be recorded. */
export interface Change<T> {
	result: T;
	write: Write;
	/** Handles of what is concerned, for faults that match on them. */
	handles: string[];
	/** Handle of the app whose containers it restarts. */
	restarts?: string;
}

/** Thrown to a caller whose connection died after its write was taken. */
export class ConnectionDropped extends Error {
	constructor() {
		super("Connection reset by peer");
		this.name = "ConnectionDropped";
	}
}

/** One caller (a CLI run or an API request) at work on the emulated server. */
export class Session {
	readonly store: Store;
	readonly journalId: number;
	readonly command: string;
	/** Handles in the caller's own arguments. */
	readonly handles: readonly string[];
	/** Whose token the caller has. */
	readonly userEmail: string;
	readonly #onWrite: ((write: Write) => void) | undefined;

	constructor(
		store: Store,
		caller: {
			journalId: number;
			command: string;
			handles: readonly string[];
			token?: string | undefined;
			onWrite?: (write: Write) => void;
		},
	) {
		this.store = store;
		this.journalId = caller.journalId;
		this.command = caller.command;
		this.handles = caller.handles;
		this.userEmail = emailOf(caller.token) ?? USER_EMAIL;
		this.#onWrite = caller.onWrite;
	}

	/** Looks at the state as of now: one state, however much of it is looked at. */
	read<T>(look: (store: Store) => T): T {
		settleDue(this.store, Date.now());
		this.store.db.exec("begin");
		try {
			return look(this.store);
		} finally {
			this.store.db.exec("commit");
		}
	}

	/** Uses up a planted fault in a transaction of its own, so that a refusal that follows does not plant it again. */
	strike(name: FaultName, handles: readonly string[] = [], matches?: (fault: Fault) => boolean): Fault | undefined {
		if (this.store.rows("select 1 from faults where name = ? limit 1", name).length === 0) return undefined;
		return this.store.transaction(() => takeFault(this.store, name, this.at(handles), matches));
	}

	/**
	 * A list as it was when it was first asked for, where that fault is planted.
	 *
	 * @param variant what of the question is not in its command and handles
	 */
	lagging(variant: string, text: string): string {
		const { command, handles, store } = this;
		const name = `stale ${[command, ...handles, variant].join(" ")}`;
		const before = store.meta(name);
		if (before !== undefined && this.strike("stale-list") !== undefined) return before;
		let isPlanted = false;
		this.strike("stale-list", [], () => {
			isPlanted = true;
			return false;
		});
		if (isPlanted || before !== undefined) {
			store.transaction(() => store.setMeta(name, isPlanted ? text : undefined));
		}
		return text;
	}

	/** Whether the server cannot be reached: for this once, or for as long as an outage lasts. */
	isUnreachable(): boolean {
		if (this.strike("api-unreachable")) return true;
		const begins = this.strike("outage");
		if (begins) {
			const until = String(Date.now() + (begins.ms ?? 5000));
			this.store.transaction(() => this.store.setMeta("outage_until", until));
		}
		return Date.now() < Number(this.store.meta("outage_until") ?? 0);
	}

	/** What faults match on: this caller, and the things it is dealing with. */
	at(handles: readonly string[]): Circumstance {
		return { command: this.command, handles: [...this.handles, ...handles] };
	}

	/** Makes one change and its journal entry, or neither. */
	write<T>(make: (store: Store) => Change<T>): T {
		const { store } = this;
		settleDue(store, Date.now());
		const outcome = store.transaction(() => {
			if (store.meta("halted")) return { halted: true } as const;
			store.db.exec("savepoint change");
			const change = make(store);
			if (countsToHalt(store, "halt-before-mutation", this.at(change.handles))) {
				store.db.exec("rollback to change");
				store.setMeta("halted", "before");
				return { halted: true } as const;
			}
			noteWrite(store, this.journalId, change.write, change.restarts);
			const halted = countsToHalt(store, "halt-after-mutation", this.at(change.handles));
			if (halted) store.setMeta("halted", "after");
			const dropped = takeFault(
				store,
				"connection-drops",
				this.at(change.handles),
				(fault) => (fault.write ?? "operation") === kindOf(change.write),
			);
			return { change, halted, dropped: dropped !== undefined };
		});
		if (outcome.halted) {
			announceHalt(store);
			throw new Halt();
		}
		this.#onWrite?.(outcome.change.write);
		// Without latency an operation is over as soon as it is asked for.
		settleDue(store, Date.now());
		if (outcome.dropped) throw new ConnectionDropped();
		return outcome.change.result;
	}
}

/** The claim by which the CLI, too, knows its user (aptible-cli 0.26.6, helpers/telemetry.rb). */
function emailOf(token = ""): string | undefined {
	try {
		const { email } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
		return typeof email === "string" ? email : undefined;
	} catch {
		return undefined;
	}
}

function kindOf(write: Write): NonNullable<Fault["write"]> {
	if ("op" in write) return "operation";
	if ("create" in write) return "create";
	return "update" in write ? "update" : "delete";
}
