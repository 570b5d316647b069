/** What of the text of `pulumi preview` a reviewer reads first. */

export interface Preview {
	/** Messages of the program and of the engine, each with its lines: `app portal: one deploy of 2026-11-21`. */
	readonly messages: readonly string[];
	/** Whether any resource changes, Pulumi's own among them. */
	readonly hasChanges: boolean;
	/** What it deletes and replaces: `2 to delete`. */
	readonly losses: readonly string[];
}

/** Reads it as the engine writes it with `--non-interactive --color never`. */
export function readPreview(text: string): Preview {
	const steps = [...text.matchAll(/^ {4}[^\s\d]+ ?(\d+ to .+)$/gm)].flatMap(([, step = ""]) => step);
	return {
		messages: readMessages(text),
		hasChanges: steps.length > 0,
		losses: steps.filter((step) => /to (delete|replace)$/.test(step)),
	};
}

/** What each block of `Diagnostics:` says; the engine names a block's resource and writes its messages below, without a mark between them. */
function readMessages(text: string): string[] {
	const [, diagnostics = ""] = /^Diagnostics:\n((?:(?! ).+\n)*(?: .*\n|\n)*)/m.exec(text) ?? [];
	const blocks = diagnostics.split(/^ {2}\S.*:\n/m).slice(1);
	return blocks.flatMap((block) => {
		const messages: string[] = [];
		for (const line of block.split("\n").map((one) => one.slice(4).trimEnd())) {
			const isOfFormer = line.startsWith(" ") || isSevere(messages.at(-1) ?? "");
			if (line === "") continue;
			if (messages.length > 0 && isOfFormer && !isSevere(line)) messages.push(`${messages.pop()}\n${line.trim()}`);
			else messages.push(line);
		}
		// What the heading of the comment says.
		return messages.filter((message) => message !== "error: preview failed");
	});
}

/** Whether a message has a severity, and may go over several lines. */
export function isSevere(message: string): boolean {
	return /^(error|warning): /.test(message);
}
