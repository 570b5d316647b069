/** A night that is walked through on a world of the way back's: each command does there what it does to both sides. */
import { costOf } from "../../../move/night/command.ts";
import { walkNight } from "../../../move/night/night.ts";
import { World } from "../back/world.ts";

export class NightWorld extends World {
	/** Commands that fail, once each. */
	failing: string[] = [];
	/** Exit code of each of them. */
	failsWith = 1;
	/** Answers of the person, in their order; ^C is Ctrl-C. @default what goes on */
	typed: string[] = [];
	/** What was asked, and of which step. */
	questions: string[] = [];
	kept: string[] = [];
	work: { command: "copy"; run: string } | undefined;
	by = "0123456789abcdef";
	copyMs: number | undefined = 600_000;
	nowAt = () => Date.now();

	night({ isSure = false, hasTerminal = true } = {}): Promise<number> {
		return this.until(() =>
			walkNight(
				{ isSure },
				{
					journal: this.journal,
					look: async () => ({
						moved: this.moved,
						lines: await this.lines(),
						phase: this.made,
						hasRecord: this.hasRecord,
					}),
					cost: (facts) => costOf(facts, async () => this.counted()),
					copyMs: async () => this.copyMs,
					run: (command) => this.act(command.join(" "), () => this.#run(command)),
					stopServices: () =>
						this.act("stop services", () => {
							this.isServing = false;
							return { lines: ["set these to 0"], left: [] };
						}),
					isByHand: this.isByHand,
					ask: hasTerminal ? (question) => this.#answer(question) : undefined,
					keep: async (_run, step, answer) => void this.kept.push(`${step}: ${answer}`),
					openWork: async () => this.work,
					by: this.by,
					tell: (line) => void this.said.push(line),
					now: () => new Date(this.nowAt()),
				},
			),
		);
	}

	async #answer(question: string): Promise<string | undefined> {
		this.questions.push(question);
		const typed = this.typed.shift();
		if (typed === "^C") return undefined;
		if (typed !== undefined) return typed;
		return /(?<=type )\w+/.exec(question)?.[0] ?? "file.log";
	}

	async #run([step = "", ...given]: readonly string[]): Promise<number> {
		const at = this.failing.indexOf(step);
		if (at >= 0) {
			this.failing.splice(at, 1);
			return this.failsWith;
		}
		switch (step) {
			case "switch":
				return this.switch(given[0] as "frozen");
			case "freeze":
				await this.freeze();
				return 0;
			case "copy":
				await this.copy();
				return 0;
			case "probe":
				this.noteTtl();
				await this.probed(this.journal, this.made);
				return 0;
			case "watch":
				await this.line("watch", "done", { silent: true });
				return 0;
			case "back":
				return this.goBackHere();
			default:
				return 0;
		}
	}
}
