import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import {
	clearFaults,
	type Fault,
	isHalted,
	pendingFaults,
	setFault,
} from "@medstack-to-aptible/sandbox/aptible/faults.ts";
import { type JournalRow, readJournal, type Write } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { isAlive, killTree } from "./processes.ts";

/** How long an orphaned CLI takes before it sends anything: the next run begins meanwhile. */
const orphanMs = 6000;

/** The emulated Aptible of one test: what it was asked, and what is to go wrong. */
export class EmulatedAptible {
	/** The whole environment of whatever runs against it. */
	readonly env: Readonly<Record<string, string>>;
	/** Folder of its state. */
	readonly dir: string;
	#journalEnd = 0;

	constructor(env: Readonly<Record<string, string>>) {
		this.env = env;
		this.dir = env.APTIBLE_SANDBOX ?? "";
	}

	/** The emulated CLI, as a person would run it, in this process; gives its JSON, or its text where that is none. */
	async cli(...argv: string[]): Promise<unknown> {
		const { code, stdout: text, stderr } = await callCli(argv, { ...this.env, APTIBLE_OUTPUT_FORMAT: "json" });
		if (code !== 0) process.stderr.write(stderr);
		return text.startsWith("[") || text.startsWith("{") ? JSON.parse(text) : text;
	}

	/** What it was asked since this was called last. */
	newJournal(): JournalRow[] {
		const rows = readJournal(this.dir).filter(({ id }) => id > this.#journalEnd);
		this.#journalEnd = rows.at(-1)?.id ?? this.#journalEnd;
		return rows;
	}

	/** The commands and requests since this or `newJournal` was called last that were sent to change something. */
	newMutations(): string[] {
		return this.newJournal()
			.filter(({ mutating }) => mutating)
			.map(({ command }) => command);
	}

	/** The writes that it made since this or `newJournal` was called last, in short: `provision database main`. */
	newWrites(): string[] {
		return this.newJournal().flatMap(({ writes }) => writes.map(shortWrite));
	}

	/** Plants a fault. */
	fault(fault: Fault): void {
		setFault(this.dir, fault);
	}

	/** Takes out the faults that have not struck. */
	clearFaults(): void {
		clearFaults(this.dir);
	}

	/** Faults that have not struck. */
	pendingFaults(): string[] {
		return pendingFaults(this.dir);
	}

	/** Whether the planted `halt-...` fault has struck. */
	isHalted(): boolean {
		return isHalted(this.dir);
	}

	/**
	 * Waits for a moment, then kills a process and all below it at once, and takes the faults out.
	 *
	 * @returns false when the process ended before
	 */
	async killWhen(child: ChildProcess, isTime: () => boolean, kill = killTree): Promise<boolean> {
		const ended = once(child, "exit").then(() => true);
		while (!isTime()) {
			if (await Promise.race([ended, sleep(20, false)])) {
				this.clearFaults();
				return false;
			}
		}
		kill(child.pid ?? 0);
		await ended;
		this.clearFaults();
		return true;
	}

	/**
	 * Kills a process once it (or one below it) has started this command of the CLI, which is slow to send anything; the CLI lives on.
	 *
	 * @returns what waits for the end of the CLI; undefined when the process ended without such a command
	 */
	async orphan(child: ChildProcess, command: string): Promise<(() => Promise<void>) | undefined> {
		const mark = readJournal(this.dir).at(-1)?.id ?? 0;
		this.fault({ name: "slow-cli", command, ms: orphanMs });
		const started = () => readJournal(this.dir).find((row) => row.id > mark && row.command === command);
		const alone = (pid: number) => process.kill(pid, "SIGKILL");
		if (!(await this.killWhen(child, () => started() !== undefined, alone))) return undefined;
		const { pid = 0 } = started() ?? {};
		return async () => {
			while (isAlive(pid)) await sleep(20);
		};
	}
}

/** Puts an SSH key in the CLI's place: a real one takes a second to make, and no emulated call looks into it. */
export async function fakeSshKey({ APTIBLE_CONFIG_PATH = "" }: Readonly<Record<string, string>>): Promise<void> {
	const folder = join(APTIBLE_CONFIG_PATH, "ssh");
	await mkdir(folder, { recursive: true });
	await Promise.all(["id_rsa", "id_rsa.pub"].map((file) => writeFile(join(folder, file), "", { mode: 0o600 })));
}

function shortWrite(write: Write): string {
	// An endpoint has no handle, and its id says nothing.
	if ("op" in write) return `${write.type} ${write.kind} ${typeof write.on === "number" ? "" : write.on}`.trimEnd();
	if ("create" in write) return `create ${write.create} ${write.body.handle ?? write.on}`;
	if ("update" in write) return `update ${write.update}`;
	return `delete ${write.delete}`;
}
