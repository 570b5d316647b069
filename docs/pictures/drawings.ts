/** The pictures that need no browser. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { drawTerminal } from "./terminal.ts";
import { drawWay } from "./way.ts";

const read = (file: string) => readFileSync(join(import.meta.dirname, file), "utf8");

export const drawings: Readonly<Record<string, () => string>> = {
	"way.svg": drawWay,
	"preview.svg": () =>
		drawTerminal(read("preview.txt"), "What pulumi preview prints of a change; its text is in preview.txt"),
	"night.svg": () =>
		drawTerminal(read("night.txt"), "What npm run sandbox -- night prints of a move; its text is in night.txt"),
};
