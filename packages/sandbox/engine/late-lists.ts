import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

/**
 * Has the engine read its lists of common passwords where it judges one, in `pulumi config set`, and not at each start, half of whose
 * processor time they take (0.07 s of 0.13 s, 2026-12-01): it has two copies of the module. Nothing else of it changes.
 */

const execute = promisify(execFile);

/** A text of one file of a module, and what takes its place. */
interface Change {
	file: string;
	from: string;
	to: string;
}

const MODULES = ["github.com/nbutton23/zxcvbn-go", "github.com/ccojocar/zxcvbn-go"];

/** `Omnimatch` loads what nobody has loaded before it. */
const CHANGES: Change[] = [
	{ file: "frequency/frequency.go", from: "func init() {", to: "func Load() map[string]List {" },
	{
		file: "frequency/frequency.go",
		from: '(passwordsFilePath, "Passwords")\n',
		to: '(passwordsFilePath, "Passwords")\n\treturn Lists\n',
	},
	{ file: "matching/matching.go", from: "func init() {\n\tloadFrequencyList()\n}\n", to: "" },
	{ file: "matching/matching.go", from: "range frequency.Lists", to: "range frequency.Load()" },
];

/** Changes with what is changed, for the key of a build. */
export const LATE_LISTS_KEY = JSON.stringify([MODULES, CHANGES]);

/**
 * Writes go.mod, go.sum and the changed modules into a folder.
 *
 * @param folder that of the engine's own go.mod
 * @param into new folder
 * @returns path for `go build -modfile`
 * @throws Error where a module's text is another than the one that is changed here
 */
export async function writeLateLists(folder: string, into: string): Promise<string> {
	await mkdir(into);
	const replaced: string[] = [];
	for (const [index, name] of MODULES.entries()) {
		const { stdout } = await execute("go", ["mod", "download", "-json", name], { cwd: folder });
		const { Dir } = JSON.parse(stdout) as { Dir: string };
		const copy = path.join(into, String(index));
		await execute("cp", ["-R", Dir, copy]);
		// Go's cache may only be read.
		await execute("chmod", ["-R", "u+w", copy]);
		for (const change of CHANGES) await apply(change, copy);
		// A module of before there were any has none.
		await writeFile(path.join(copy, "go.mod"), `module ${name}\n`);
		replaced.push(`replace ${name} => ${JSON.stringify(copy)}\n`);
	}
	const [mod, sum] = await Promise.all(["go.mod", "go.sum"].map((name) => readFile(path.join(folder, name), "utf8")));
	const modfile = path.join(into, "go.mod");
	await writeFile(modfile, `${mod}\n${replaced.join("")}`);
	await writeFile(path.join(into, "go.sum"), sum ?? "");
	return modfile;
}

async function apply({ file, from, to }: Change, module: string): Promise<void> {
	const target = path.join(module, file);
	const text = await readFile(target, "utf8");
	if (text.split(from).length !== 2) {
		throw new Error(
			`${file} of the engine's zxcvbn-go is not the one that packages/sandbox/engine/late-lists.ts changes: ` +
				`${JSON.stringify(from)} is not in it once; adapt the change there to the version in go.mod`,
		);
	}
	await writeFile(target, text.replace(from, to));
}
