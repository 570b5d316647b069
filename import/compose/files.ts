/** Files of the input: none outside of one folder is read, whatever a Compose file says. */
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { InputError, mostBytes } from "./read.ts";
import type { InputFile } from "./source.ts";

/** A file that was read. */
export interface ReadFile {
	file: InputFile;
	text: string;
}

/** UTF-8, or UTF-16 with its mark in front, as PowerShell writes what a command prints; undefined where it is neither. */
function decode(bytes: Buffer): string | undefined {
	const encoding =
		bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
	try {
		return new TextDecoder(encoding, { fatal: true }).decode(bytes);
	} catch {
		return undefined;
	}
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
		const folder = resolve(from, root);
		if (!existsSync(folder)) throw new InputError(`folder "${relative(from, folder)}" is not there`);
		this.#root = realpathSync(folder);
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
		const base = folder ?? dirname(real);
		const key = `${real} ${base}`;
		const former = this.#read.get(key);
		if (former !== undefined) return former;
		const stat = statSync(real);
		if (!stat.isFile()) return "is no file";
		if (stat.size > mostBytes) return `is ${stat.size} bytes long; allowed: ${mostBytes}`;
		const file = { name: relative(this.#from, real).split(sep).join("/"), folder: base };
		const text = decode(readFileSync(real));
		if (text === undefined) return "is not UTF-8; save it as UTF-8";
		const read = { file, text };
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
