import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";

/** Finds an executable on a PATH, which is not the PATH of the child to be started. @default this process's */
export function findExecutable(name: string, searchPath = process.env.PATH ?? ""): string | undefined {
	const folders = searchPath.split(path.delimiter).filter((folder) => folder !== "");
	return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

/** Splits an option such as `nodeargs` into words; single and double quotes hold a word together. */
export function splitWords(text: string): string[] {
	return [...text.matchAll(/(?:"([^"]*)"|'([^']*)'|([^\s"']+))+/g)].map((match) => match[0].replaceAll(/["']/g, ""));
}

function isExecutable(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return statSync(file).isFile();
	} catch {
		return false;
	}
}
