import { AptibleError, CliError } from "../client/errors.ts";
import type { Cli } from "./cli.ts";
import { packages } from "./failure.ts";
import { findBinary, keepVersion, readKnownVersion } from "./version-cache.ts";

type Version = readonly [major: number, minor: number, patch: number];

/** The first that has endpoint settings as options (facts/aptible.md §0.9), and the one that the recorded runs are of. */
const oldest: Version = [0, 26, 6];

/** Homebrew's cask `aptible` (1.0.5) is a rewrite in Go; what is known here of the CLI was recorded of the one in Ruby. */
const firstUnknownMajor = 1;

/**
 * Checks the CLI, which is asked once a day for each binary: it takes a process of 0.8 s. Only what there is nothing to say of is kept, so
 * that a newer CLI is noticed at once. Where it cannot be run at all, whatever needs it says so itself.
 *
 * @returns what a person should know of it
 * @throws AptibleError when it is older than what this program calls, with how to install a newer one.
 */
export async function checkVersion(cli: Cli): Promise<string | undefined> {
	const binary = await findBinary();
	const known = binary && (await readKnownVersion(binary));
	// Another release of this program may have kept it, and have needed less.
	if (known !== undefined && isFine(known)) return undefined;
	const text = await readVersion(cli).catch((error: unknown) => {
		if (error instanceof CliError) return undefined;
		throw error;
	});
	if (text === undefined) return undefined;
	const warning = judgeVersion(text);
	if (warning === undefined && binary !== undefined) await keepVersion(binary, text.trim());
	return warning;
}

function isFine(text: string): boolean {
	try {
		return judgeVersion(text) === undefined;
	} catch {
		return false;
	}
}

function judgeVersion(text: string): string | undefined {
	const version = parseVersion(text);
	const [least, tested] = [oldest.join("."), `${oldest[0]}.${oldest[1]}`];
	if (version === undefined) {
		const shown = JSON.stringify(text.trim().slice(0, 80));
		return `the version of the aptible CLI is unknown: ${shown}; this program needs ${least} or newer (${packages})`;
	}
	if (isOlder(version, oldest)) {
		throw new AptibleError(
			`the aptible CLI is ${version.join(".")}, and this program needs ${least} or newer. Install ${packages}.`,
		);
	}
	if (version[0] < firstUnknownMajor) return undefined;
	return (
		`the aptible CLI is ${version.join(".")}, another program than ${tested}, which this one has been tried with; if something ` +
		`fails over an option or an answer, install ${tested}: \`gem install aptible-cli --version '~> ${least}'\``
	);
}

/** What `aptible version` prints, in either format: `aptible-cli v0.26.6 toolbelt` (recorded run 11). */
export function readVersion(cli: Cli): Promise<string> {
	return cli.readText(["version"]);
}

/** The version in such a text. */
export function parseVersion(text: string): Version | undefined {
	const [, major, minor, patch] = /\bv?(\d+)\.(\d+)\.(\d+)\b/.exec(text) ?? [];
	return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

function isOlder(version: Version, than: Version): boolean {
	const place = version.findIndex((number, index) => number !== than[index]);
	return place >= 0 && (version[place] ?? 0) < (than[place] ?? 0);
}
