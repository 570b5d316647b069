/** The Procfile that an image needs, as a stage file has no commands (facts/aptible.md §2.2). */
import type { App, ImageInUse } from "./apps.ts";
import { type Outcome, say, secretsIn } from "./compose/source.ts";
import type { Role } from "./roles.ts";
import { hasSecretWord } from "./secrets.ts";
import type { Service } from "./service.ts";
import { joinWords } from "./words.ts";

/** What stands for a command that is not in the input, or may have a secret in it. */
const unknownCommand = "THE-COMMAND-OF-THE-IMAGE";

export interface Procfile {
	/** App that is the first with the image: the file's folder. */
	app: string;
	text: string;
}

/** Names by which services find each other. */
type Names = ReadonlyMap<string, Role>;

/** One file for each image of which a service overrides the command; what becomes of each command is said. */
/** @param secrets of the whole input, which no command may have in it */
export function procfilesOf(apps: readonly App[], names: Names, secrets: readonly string[]): Procfile[] {
	const files = new Map<ImageInUse, Procfile>();
	for (const { handle, image } of apps) {
		if (!image.needsProcfile || files.has(image)) continue;
		const lines = [...image.processes].map(
			([processType, service]) => `${processType}: ${lineOf(processType, service, secrets)}`,
		);
		files.set(image, { app: handle, text: `${lines.join("\n")}\n` });
	}
	for (const app of apps) sayCommands(app, files.get(app.image), { names, secrets });
	return [...files.values()];
}

function wordsOf({ entrypoint, command }: Service): string[] {
	return [...(entrypoint?.words ?? []), ...(command?.words ?? [])];
}

function hasSecret(service: Service, secrets: readonly string[]): boolean {
	const given = [service.entrypoint, service.command].flatMap((one) => (one === undefined ? [] : secretsIn(one.field)));
	const words = wordsOf(service);
	return (
		given.length > 0 || hasSecretWord(words) || secrets.some((secret) => words.some((word) => word.includes(secret)))
	);
}

function lineOf(processType: string, service: Service, secrets: readonly string[]): string {
	const words = wordsOf(service);
	if (words.length === 0 || hasSecret(service, secrets)) return unknownCommand;
	return words.some((word) => word.includes("\n")) ? `/.aptible/${processType}.sh` : joinWords(words);
}

function sayCommands(
	{ services, image }: App,
	file: Procfile | undefined,
	{ names, secrets }: { names: Names; secrets: readonly string[] },
): void {
	for (const { processType, service } of services) {
		const line = `line ${processType} of ${file?.app}/Procfile, which goes into the image as /.aptible/Procfile`;
		const named = namedIn(service, names);
		for (const given of [service.entrypoint, service.command]) {
			if (given === undefined) continue;
			const [outcome, says] = outcomeOf(service, processType, {
				isEntrypoint: given === service.entrypoint,
				isSecret: hasSecret(service, secrets),
			});
			say(
				given.field,
				named.length === 0 ? outcome : "decide",
				`${line}${says}${named.length === 0 ? "" : `; ${tellNamed(named)}`}`,
			);
		}
		if (image.needsProcfile && service.command === undefined && service.entrypoint === undefined && service.image) {
			say(
				service.image.field,
				"decide",
				`${line}: another service of the image has a command of its own, so that this one needs its line too: the CMD that \`docker image inspect\` shows, in place of ${unknownCommand}`,
			);
		}
	}
}

/** @returns what becomes of a command, and what stands behind the place of its line */
function outcomeOf(
	service: Service,
	processType: string,
	{ isEntrypoint, isSecret }: { isEntrypoint: boolean; isSecret: boolean },
): [Outcome, string] {
	const words = wordsOf(service);
	if (words.length === 0)
		return [
			"decide",
			`; it takes the image's own away, and a line has to run something: write it in place of ${unknownCommand}`,
		];
	if (isSecret) {
		return [
			"decide",
			"; it has what looks like a secret, so that the line is not written: let the command read a variable, and write it yourself",
		];
	}
	if (words.some((word) => word.includes("\n"))) {
		return ["decide", `, where a command is one line: put its script into the image as /.aptible/${processType}.sh`];
	}
	return isEntrypoint
		? ["decide", "; Aptible runs it behind the image's own ENTRYPOINT: build the image with ENTRYPOINT []"]
		: ["mapped", ""];
}

/** `db:5432` and `http://web/`. */
const address = /(?<![\w.-])([A-Za-z0-9][\w.-]*):\d{2,5}(?!\d)|:\/\/(?:[^\s/@]*@)?([A-Za-z0-9][\w.-]*)/g;
const hostOption = /^(?:-h|--?[\w.-]*(?:host|server|addr|address|broker)s?)$/i;

/** Other services that a command names where it has addresses; a Procfile has no references. */
function namedIn(service: Service, names: Names): string[] {
	const words = wordsOf(service).flatMap((word) => {
		const [, option, value] = /^(--?[\w.-]+)=(.*)$/s.exec(word) ?? [];
		return option === undefined || value === undefined ? [word] : [option, value];
	});
	const found = words.flatMap((word, index) => [
		...[...word.matchAll(address)].map(([, host, urlHost]) => host ?? urlHost ?? ""),
		...(hostOption.test(words[index - 1] ?? "") ? [word] : []),
	]);
	return [...new Set(found)].filter((name) => (names.get(name)?.service ?? service) !== service);
}

function tellNamed(names: readonly string[]): string {
	const have = names.length === 1 ? "has another address" : "have other addresses";
	return `it names ${names.join(", ")}, which ${have} on Aptible: let the command read that from a variable, whose value is a reference`;
}
