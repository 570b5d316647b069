/** Files of the input: none outside of one folder is read, whatever a Compose file says. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { InputError, mostBytes } from "./read.ts";
import type { InputFile } from "./source.ts";

/** A file that was read. */
export interface ReadFile {
	file: InputFile;
	text: string;
}

export class Files {
	readonly #root: string;
	readonly #from: string;
	readonly #read = new Map<string, ReadFile>();

	/**
	 * @param root folder outside of which nothing is read
	 * @param from folder from which messages name files
	 */
	constructor(root: string, from: string) {
		this.#root = realpathSync(root);
		this.#from = realpathSync(from);
	}

	/** A file that a person named. @throws InputError where it cannot be read */
	open(path: string, folder?: string): ReadFile {
		const found = this.find(path, this.#from, folder);
		if (typeof found === "string") throw new InputError(`"${path}" ${found}`);
		return found;
	}

	/**
	 * A file that another file names.
	 *
	 * @param from folder from which the path counts
	 * @param folder from which the paths in it count; its own where none is given
	 * @returns why it cannot be read
	 */
	find(path: string, from: string, folder?: string): ReadFile | string {
		const asked = resolve(from, path);
		let real: string;
		try {
			real = realpathSync(asked);
		} catch {
			return this.#isInside(asked) ? "is not there" : this.#outside();
		}
		if (!this.#isInside(real)) return this.#outside();
		const key = `${real} ${folder}`;
		const former = this.#read.get(key);
		if (former !== undefined) return former;
		const stat = statSync(real);
		if (!stat.isFile()) return "is no file";
		if (stat.size > mostBytes) return `is ${stat.size} bytes long; allowed: ${mostBytes}`;
		const file = { name: relative(this.#from, real).split(sep).join("/"), folder: folder ?? dirname(real) };
		const read = { file, text: readFileSync(real, "utf8") };
		this.#read.set(key, read);
		return read;
	}

	#isInside(path: string): boolean {
		const inside = relative(this.#root, path);
		return !isAbsolute(inside) && inside !== ".." && !inside.startsWith(join("..", "/"));
	}

	#outside(): string {
		return "leads out of the folder of the first Compose file, and is not read; --root FOLDER names the folder that holds all of them";
	}
}
