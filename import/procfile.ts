/** The Procfile that an image needs, as a stage file has no commands (facts/aptible.md §2.2). */
import type { App, ImageInUse } from "./apps.ts";
import { say } from "./compose/source.ts";
import { hasSecretWord } from "./secrets.ts";
import { joinWords } from "./words.ts";

/** What stands for a command that is not in the input. */
const unknownCommand = "THE-COMMAND-OF-THE-IMAGE";

export interface Procfile {
	/** App that is the first with the image: the file's folder. */
	app: string;
	text: string;
}

/** One file for each image of which a service overrides the command; what becomes of each command is said. */
export function procfilesOf(apps: readonly App[]): Procfile[] {
	const files = new Map<ImageInUse, Procfile>();
	for (const { handle, image } of apps) {
		if (!image.needsProcfile || files.has(image)) continue;
		const lines = [...image.processes].map(([processType, service]) => {
			const words = [...(service.entrypoint?.words ?? []), ...(service.command?.words ?? [])];
			return `${processType}: ${lineOf(processType, words)}`;
		});
		files.set(image, { app: handle, text: `${lines.join("\n")}\n` });
	}
	for (const app of apps) sayCommands(app, files.get(app.image));
	return [...files.values()];
}

function lineOf(processType: string, words: readonly string[]): string {
	if (words.length === 0 || hasSecretWord(words)) return unknownCommand;
	return words.some((word) => word.includes("\n")) ? `/.aptible/${processType}.sh` : joinWords(words);
}

function sayCommands({ services, image }: App, file: Procfile | undefined): void {
	for (const { processType, service } of services) {
		const words = [...(service.entrypoint?.words ?? []), ...(service.command?.words ?? [])];
		const line = `line ${processType} of ${file?.app}/Procfile, which goes into the image as /.aptible/Procfile`;
		for (const given of [service.entrypoint, service.command]) {
			if (given === undefined) continue;
			if (hasSecretWord(words)) {
				say(
					given.field,
					"decide",
					`${line}; it has what looks like a secret, so that the line is not written: let the command read a variable, and write it yourself`,
				);
			} else if (words.some((word) => word.includes("\n"))) {
				say(
					given.field,
					"decide",
					`${line}, where a command is one line: put its script into the image as /.aptible/${processType}.sh`,
				);
			} else if (given === service.entrypoint) {
				say(
					given.field,
					"decide",
					`${line}; Aptible runs it behind the image's own ENTRYPOINT: build the image with ENTRYPOINT []`,
				);
			} else {
				say(given.field, "mapped", line);
			}
		}
		if (image.needsProcfile && words.length === 0 && service.image !== undefined) {
			say(
				service.image.field,
				"decide",
				`${line}: another service of the image has a command of its own, so that this one needs its line too: the CMD that \`docker image inspect\` shows, in place of ${unknownCommand}`,
			);
		}
	}
}
