/** What of a stage file that is there already a command keeps. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
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
		throw cause;
	});
	const former: unknown = parse(text);
	if (former === null) return {};
	if (typeof former === "object" && Object.keys(former).every((key) => encryptionKeys.has(key))) return former as Block;
	throw new Error(`"${file}" is there already, with a stage in it; name another file, or move it away.`);
}
