/** A process that takes over the server's lines into the journal's file, at the moment when it is told to. */
import { existsSync } from "node:fs";
import process from "node:process";
import type { JournalLine } from "../../journal/line.ts";
import { LocalFile } from "../../journal/local-file.ts";

const { FILE = "", LINES = "[]" } = process.env;
const lines: JournalLine[] = JSON.parse(LINES);
process.stdout.write("ready\n");
while (!existsSync(`${FILE}.go`));
(await LocalFile.open(FILE, async () => lines)).close();
