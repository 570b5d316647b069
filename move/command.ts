/** What a person has typed: understood or refused before anything that a step needs is loaded. */
import { messageOf } from "../aptible/client/system-error.ts";
import { type Arguments, readArguments, UsageError } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";
import { usage, usageOf } from "./usage.ts";

/** @returns exit code */
export async function runCommand(argv: string[], terminal: Terminal): Promise<number> {
	let given: Arguments;
	try {
		given = readArguments(argv);
	} catch (error) {
		const isUsage = error instanceof UsageError;
		terminal.complain(`${messageOf(error)}\n${isUsage ? describeUsage(error.step) : ""}`);
		return isUsage ? 2 : 1;
	}
	if (given.step === "help") {
		terminal.write(given.of === undefined ? usage : usageOf(given.of));
		return 0;
	}
	const { performStep } = await import("./perform.ts");
	return performStep(given, terminal);
}

/** Below a mistake: of the step, where one was typed, else where all of them are. */
function describeUsage(step: string | undefined): string {
	const own = step === undefined ? "" : `\n${usageOf(step)}`;
	return `${own}\nall of it: npm run move -- help${step === undefined ? "; of one step: npm run move -- help STEP" : ""}\n`;
}
