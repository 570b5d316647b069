/** The night as one command: its order, its questions, what failed, who takes it up, and kills at its lines on a real server's journal. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hashOfName, keepAnswer, operatorName, readAnswers } from "../../../move/night/answers.ts";
import { stopServices } from "../../../move/night/command.ts";
import { JournalServer } from "../../support/night-journal.ts";
import { Killed } from "../killable.ts";
import { NightWorld } from "./walk.ts";

const EACH = process.env.MATRIX === "all" ? 1 : 10;
const worlds: NightWorld[] = [];
let journals: JournalServer;
before(async () => {
	journals = await JournalServer.start();
});
after(async () => {
	for (const world of worlds) world.remove();
	await journals?.stop();
});

function begin(): NightWorld {
	const world = new NightWorld();
	worlds.push(world);
	return world;
}

const COMMANDS = [
	"plan",
	"stop services",
	"switch frozen",
	"freeze",
	"copy",
	"verify",
	"switch trial",
	"probe",
	"switch live",
	"watch --old file.log --new file.log",
	"report",
];
const commandsOf = ({ did }: NightWorld) => did.filter((one) => COMMANDS.includes(one) || /^back( --|$)/.test(one));

test("each step is the command that it is, in the order of the night, after the person's word", async () => {
	const world = begin();
	assert.equal(await world.night(), 0, world.said.join("\n"));
	assert.deepEqual(commandsOf(world), COMMANDS);
	assert.equal(world.questions.filter((one) => one === "type go, back or leave: ").length, COMMANDS.length);
	assert.equal(world.kept.length, COMMANDS.length);
	const answers = (await world.lines()).filter(({ step, state }) => step === "night" && state === "note");
	assert.deepEqual(answers[0]?.evidence, { answer: "go", by: "0123456789abcdef" });
	assert.deepEqual([world.dns, world.isAptibleOpen, world.isSourceOpen], ["new", true, false]);
	assert.match(
		world.said.join("\n"),
		/going back now: free: nothing was opened .*\n[\s\S]*going back now: free: nothing was written/,
	);
	assert.match(world.said.slice(-2).join("\n"), /move -- close[\s\S]*point of no return/);
	world.did = [];
	world.typed = ["leave"];
	assert.equal(await world.night(), 1, "the next one is a night of its own");
});

test("left at any question, it is taken up at that step", async () => {
	const world = begin();
	world.typed = ["go", "go", "down", "", "^C"];
	assert.equal(await world.night(), 1);
	assert.match(
		world.said.at(-1) ?? "",
		/^left before frozen; nothing is under way\. To go on, .*npm run move -- night/,
	);
	world.did = [];
	world.said = [];
	assert.equal(await world.night(), 0);
	assert.match(world.said[0] ?? "", /^the night that was begun at .* is taken up/);
	assert.deepEqual(commandsOf(world), COMMANDS.slice(2));
	assert.ok(world.kept.includes("frozen: leave"));
});

test("steps that were taken without it are done for it", async () => {
	const world = begin();
	await world.reach("trial");
	world.did = [];
	world.typed = ["go", "leave"];
	assert.equal(await world.night(), 1);
	assert.deepEqual(commandsOf(world), ["probe"]);
	assert.match(world.said.at(-1) ?? "", /^left before live/);
});

test("a step that fails has three ways on, with what each means", async () => {
	const world = begin();
	world.failing = ["copy", "copy"];
	world.typed = ["go", "go", "down", "go", "go", "go", "what", "again", "leave"];
	assert.equal(await world.night(), 1);
	const said = world.said.join("\n");
	assert.match(said, /copy +failed/);
	assert.match(said, /it has failed, .*:\n {2}again: .*\n {2}back: MedStack serves again; free: .*\n {2}leave: /);
	assert.equal(world.did.filter((one) => one === "copy").length, 2);
	world.did = [];
	assert.equal(await world.night(), 0);
	assert.equal(commandsOf(world)[0], "copy");
});

test("blockers of the plan stop it", async () => {
	const world = begin();
	world.failing = ["plan"];
	world.typed = ["go", "leave"];
	assert.equal(await world.night(), 1);
	assert.deepEqual(commandsOf(world), ["plan"]);
});

test("a plan that could not look at everything is a person's to go on from", async () => {
	const world = begin();
	world.failsWith = 3;
	for (const [answer, commands] of [
		["go", ["plan"]],
		["unseen", ["plan", "plan"]],
	] as const) {
		world.failing = ["plan"];
		world.typed = [commands.length === 1 ? "go" : "again", answer, "leave"];
		assert.equal(await world.night(), 1);
		assert.deepEqual(commandsOf(world), commands);
		assert.match(world.questions.join("\n"), /could not look at everything.*type unseen: /);
	}
	assert.match(world.said.join("\n"), /left before services/);
});

test("back is the way back, says what it costs, and ends the night", async () => {
	const world = begin();
	world.typed = [...Array(2).fill("go"), "down", ...Array(7).fill("go")];
	const answer = world.typed;
	world.typed = [...answer, "file.log", "file.log", "back"];
	world.failing = ["watch"];
	const ended = world.night();
	assert.equal(await ended, 0, world.said.join("\n"));
	assert.equal(commandsOf(world).at(-1), "back");
	assert.deepEqual([world.isServing, world.isAptibleOpen, world.made], [true, false, "prepare"]);
	world.typed = ["leave"];
	world.said = [];
	assert.equal(await world.night(), 1);
	assert.doesNotMatch(world.said.join("\n"), /taken up/, "another night is one of its own");
});

test("rows on Aptible are what going back costs, and are asked for", async () => {
	const world = begin();
	await world.reach("trial");
	world.rows += 12;
	world.typed = ["back", "12"];
	await world.night();
	assert.match(world.said.join("\n"), /going back now: 12 rows written on Aptible since it was opened/);
	assert.ok(commandsOf(world).includes("back --accept-loss 12"), world.did.join("\n"));
	const other = begin();
	await other.reach("trial");
	other.counters = { format: "postgresql", system: "7000", oid: 1, rows: "1", reset: 1, started: 2, openWriters: 0 };
	other.typed = ["leave"];
	await other.night();
	assert.match(other.said.join("\n"), /going back now: unknown: main: it is another database/);
});

test("without a terminal it stops at the first question, and with --yes before what a person answers for", async () => {
	const world = begin();
	assert.equal(await world.night({ hasTerminal: false }), 1);
	assert.deepEqual(commandsOf(world), []);
	assert.equal(await world.night({ hasTerminal: false, isSure: true }), 1);
	assert.deepEqual(commandsOf(world), ["plan"]);
	assert.match(world.said.join("\n"), /next: services, .*; that is a person's to answer, and there is no terminal/);
	const api = begin();
	api.isByHand = false;
	assert.equal(await api.night({ hasTerminal: false, isSure: true }), 1);
	assert.deepEqual(
		api.did.filter((one) => /^(plan|stop|switch frozen --yes|freeze|copy|verify|switch trial)/.test(one)),
		["plan", "stop services", "switch frozen --yes", "freeze", "copy", "verify"],
	);
	assert.equal(api.isAptibleOpen, false);
});

test("a budget that will not hold is said while going back is free", async () => {
	const world = begin();
	world.copyMs = 40 * 60_000;
	world.typed = ["go", "leave"];
	await world.night();
	assert.match(
		world.said.join("\n"),
		/^by forecast 40 min 0 s are left, without services, frozen, freeze, verify, trial, probe, live, of which nothing is known\nthe budget of 30 min 0 s \(move\.downtimeBudgetMinutes\) will not hold, and going back is still free/m,
	);
	const late = begin();
	late.copyMs = undefined;
	late.typed = ["go", "go", "down", "leave"];
	let added = 0;
	late.nowAt = () => Date.parse("2026-12-05T02:00:00Z") + added;
	added = 31 * 60_000;
	await late.night();
	assert.match(late.said.join("\n"), /users are shut out since 31 min 0 s.*\nthe budget of 30 min 0 s .* is over/);
});

test("who has answered what is kept with the server's time", async () => {
	await journals.begin();
	await keepAnswer(journals.session, "r7", "ada", "copy", "go");
	await keepAnswer(journals.session, "r7", "bo", "trial", "leave");
	await keepAnswer(journals.session, "r8", "bo", "trial", "go");
	const answers = await readAnswers(journals.session);
	assert.deepEqual(
		answers.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /, "")),
		["ada: copy: go", "bo: trial: leave", "bo: trial: go"],
	);
	assert.match(hashOfName(operatorName()), /^[0-9a-f]{16}$/);
});

test("MedStack is not stopped for nothing: without a mover, and beside other work", async () => {
	await journals.begin();
	const way = { open: async () => journals.session, connect: (database: string) => journals.connect(database) };
	const done = { lines: [], left: [] };
	let stops = 0;
	const cluster = {
		stop: async () => {
			stops += 1;
			return done;
		},
		start: async () => done,
	};
	await assert.rejects(
		stopServices(way, cluster),
		/no mover answers, and without one MedStack's services would be at 0/,
	);
	const wish = (state: string) =>
		journals.session.query("UPDATE public.wishes SET state = $1, command = 'copy'", [state]);
	await journals.session.query(
		`INSERT INTO public.heartbeat (holder, epoch, at, progress) VALUES ('0123456789ab', 1, clock_timestamp(), '{"state": "idle"}')`,
	);
	await wish("taken");
	await assert.rejects(stopServices(way, cluster), /copy/);
	assert.equal(stops, 0);
	await wish("done");
	assert.equal(await stopServices(way, cluster), done);
	assert.equal(stops, 1);
});

test("killed at any of its lines and taken up by another person, the night comes to the same end", async () => {
	const renew = (world: NightWorld) =>
		world.useJournal(journals.journalOf(world.moved), (line) => journals.writeLine(line));
	const start = async () => {
		await journals.begin();
		const world = begin();
		renew(world);
		world.killsAtLinesAlone = true;
		return world;
	};
	const endOf = async (world: NightWorld) => {
		const { made, dns, isAptibleOpen, isSourceOpen, isServing, hasRecord } = world;
		return { made, dns, isAptibleOpen, isSourceOpen, isServing, hasRecord };
	};
	const whole = await start();
	assert.equal(await whole.night(), 0);
	const end = await endOf(whole);
	assert.ok(whole.acts > 40, String(whole.acts));
	for (let killAt = 1; killAt <= whole.acts; killAt += EACH) {
		const world = await start();
		world.killAt = killAt;
		await assert.rejects(world.night(), Killed, String(killAt));
		world.killAt = Number.POSITIVE_INFINITY;
		world.by = "fedcba9876543210";
		renew(world);
		const last = (await world.lines()).at(-1);
		if (last?.step !== "night" || last.part !== "" || last.state !== "done") {
			assert.equal(await world.night(), 0, `killed at ${killAt}: ${world.said.join("\n")}`);
		}
		assert.deepEqual(await endOf(world), end, `killed at ${killAt}`);
		const done = commandsOf(world);
		// The one that was killed after it was done may be taken once more, and no other one.
		assert.ok(done.length <= COMMANDS.length + 1, `killed at ${killAt}: ${done.join(", ")}`);
		assert.deepEqual(
			done.filter((one, index) => one !== done[index - 1]),
			COMMANDS,
			`killed at ${killAt}`,
		);
	}
});
