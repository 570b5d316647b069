/** What of a stage file that is there already a command keeps. */
import { access, constants, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parse } from "yaml";
import { faultInYaml, messageOf } from "../aptible/client/system-error.ts";
import type { Block } from "./block.ts";

/** What `pulumi stack init` writes into a stage file: by which key its secrets are encrypted. */
const encryptionKeys = new Set(["encryptionsalt", "secretsprovider", "encryptedkey"]);

/**
 * What is to be kept of the file that the stage file goes to: nothing, or what `pulumi stack init` has written.
 *
 * @throws where there is more in it
 */
export async function readFormer(file: string): Promise<Block> {
	const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
		if (cause.code === "ENOENT") return "";
		throw new Error(messageOf(cause, file));
	});
	await access(dirname(file), constants.W_OK).catch((cause) => {
		throw new Error(messageOf(cause));
	});
	const former: unknown = readYaml(text, file);
	if (former === null) return {};
	if (typeof former === "object" && Object.keys(former).every((key) => encryptionKeys.has(key))) return former as Block;
	throw new Error(`"${file}" is there already, with a stage in it; name another file, or move it away.`);
}

/** @throws Error with the file and the line */
function readYaml(text: string, file: string): unknown {
	try {
		return parse(text);
	} catch (cause) {
		throw new Error(`"${file}" is there already, and is no YAML: ${faultInYaml(cause)}; name another file`);
	}
}
