/** A stage file as a commit has it, with the files that it includes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../aptible/client/system-error.ts";
import { type ReadStage, readStageFile } from "../config/stage-file.ts";

/**
 * Reads the stage that a file described at a git ref. The checkout and its index stay as they are.
 *
 * @param file path of the stage file as it is now
 * @returns undefined where that commit has no such file
 * @throws Error where the ref is unknown, the folder is in no repository, or the stage has mistakes by the rules of today
 */
export function readStageAt(ref: string, file: string): ReadStage | undefined {
	const folder = path.dirname(file);
	const temporary = mkdtempSync(path.join(tmpdir(), "medstack-to-aptible-"));
	const tree = path.join(temporary, "tree/");
	const git = (...args: string[]) =>
		execFileSync("git", ["-C", folder, ...args], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "pipe"],
			env: { ...process.env, GIT_INDEX_FILE: path.join(temporary, "index") },
		});
	try {
		const commit = resolve(git, ref);
		const place = git("rev-parse", "--show-prefix").replace(/\n$/, "");
		const name = `${place}${path.basename(file)}`;
		if (git("ls-tree", "--full-tree", "-z", "--name-only", commit, "--", name) === "") return undefined;
		git("read-tree", commit);
		// Of the folder of the stage file alone: no `include` leads out of it.
		git("checkout-index", "--all", "--quiet", `--prefix=${tree}`);
		return readStageFile(path.join(tree, name));
	} catch (error) {
		throw new Error(`${path.basename(file)} at ${ref}: ${messageOf(error).replaceAll(tree, "")}`);
	} finally {
		rmSync(temporary, { recursive: true, force: true });
	}
}

function resolve(git: (...args: string[]) => string, ref: string): string {
	try {
		return git("rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`).trim();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") throw error;
		throw new Error("is no commit of a repository around that file; see git log, or fetch it: git fetch origin");
	}
}
