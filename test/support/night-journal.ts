/** Journals of nights on one real server, one after the other. */
import { randomBytes } from "node:crypto";
import { type Postgres, startPostgres } from "@medstack-to-aptible/sandbox/postgresql/server.ts";
import type { MoveSession } from "../../move/session.ts";
import type { MoveStage } from "../../move/stage.ts";
import { TargetJournal } from "../../move/switch/night-journal.ts";
import { appendLine } from "../../packages/mover/journal/journal.ts";
import { openJournalDatabase } from "../../packages/mover/journal/schema.ts";
import { connect } from "../../packages/mover/postgresql/connection.ts";
import type { Evidence, StepName } from "../../packages/mover/steps.ts";

export class JournalServer {
	readonly server: Postgres;
	readonly session: MoveSession;
	readonly #sessions: MoveSession[];

	private constructor(server: Postgres, session: MoveSession, sessions: MoveSession[]) {
		this.server = server;
		this.session = session;
		this.#sessions = sessions;
	}

	static async start(): Promise<JournalServer> {
		const server = await startPostgres({ major: 17 });
		const sessions: MoveSession[] = [];
		const open = async (database: string) => {
			const client = await connect({ url: server.url(database) });
			sessions.push(client);
			return client;
		};
		return new JournalServer(server, await openJournalDatabase(open, ["postgres"]), sessions);
	}

	async connect(database: string): Promise<MoveSession> {
		const client = await connect({ url: this.server.url(database) });
		this.#sessions.push(client);
		return client;
	}

	/** An empty journal with a mover's run. */
	async begin(): Promise<void> {
		await this.session.query(
			`TRUNCATE public.journal, public.wishes, public.reports RESTART IDENTITY;
			INSERT INTO public.wishes (version, command, arguments, state, run) VALUES (1, 'copy', '{}', 'done', 'r7')`,
		);
	}

	/** As a process sees it. */
	journalOf(moved: MoveStage): TargetJournal {
		return new TargetJournal({ look: (use) => use(this.session) }, moved);
	}

	/** Writes a line of the mover's. */
	async writeLine(line: {
		step: StepName;
		state: "begin" | "done" | "failed" | "note";
		evidence: Evidence;
		database: string;
		part: string;
	}): Promise<void> {
		const holder = randomBytes(6).toString("hex");
		await appendLine(this.session, { run: "r7", holder, epoch: 1, ...line }, false);
	}

	async stop(): Promise<void> {
		await Promise.all(this.#sessions.map((one) => one.end().catch(() => {})));
		await this.server.stop();
	}
}
