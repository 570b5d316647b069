/** What a person sees of a run that goes on, also where the terminal is narrow. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgressView } from "../../move/progress.ts";

const LINE = "[########................] 33 %, r3 main: rows, 7 parts, 3 s to 10 s left";

test("on a terminal a line takes one row and keeps its end before its bar, and elsewhere it is whole", () => {
	const shown = (isTerminal: boolean, columns: number) => {
		const written: string[] = [];
		const view = new ProgressView({ isTerminal, columns, write: (text) => void written.push(text) });
		view.show(LINE);
		return written.join("");
	};
	assert.equal(shown(true, 80), `\r${LINE}\u001b[K`);
	assert.equal(shown(true, 50), "\r33 %, r3 main: rows, 7 parts, 3 s to 10 s left\u001b[K");
	assert.equal(shown(true, 40), "\r33 %, r3 main: rows, 7 parts, 3 s to 10\u001b[K");
	assert.equal(shown(false, 40), `${LINE}\n`);
});
