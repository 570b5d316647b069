/** What is refused before the mover is asked: a step in a phase that it is not for, and a rehearsal that would reach people. */
import { listApps, readApp, readConfig } from "../aptible/api/app.ts";
import type { Environment } from "../aptible/api/environment.ts";
import type { Context } from "../aptible/context.ts";
import { placeholder } from "../config/move-phases.ts";
import { readHeartbeat } from "../packages/mover/journal/heartbeat.ts";
import { openWork, type Wish, WishUnderWay } from "../packages/mover/journal/wishes.ts";
import { isServing, type MovePhase, nextPhase, tellStep } from "../wire/move.ts";
import { isSilent } from "./progress.ts";
import { hasClosedRecord } from "./record.ts";
import type { MoveSession } from "./session.ts";
import type { MoveStage } from "./stage.ts";

/** Phases in which a step can be of use; one that is not here may be run in each, and `close` says itself where. */
const PHASES: Readonly<Record<string, readonly MovePhase[]>> = {
	// Where the mover has its endpoint.
	credentials: ["prepare", "frozen", "trial"],
	check: ["prepare", "frozen", "trial"],
	verify: ["prepare", "frozen", "trial"],
	// The source is in use, and nobody has worked on a copy.
	rehearse: ["prepare"],
	// In trial and live apps work on Aptible, and MedStack must not be written to beside them.
	freeze: ["prepare", "frozen"],
	thaw: ["prepare", "frozen"],
	// Asks nobody, and is the way where the mover does not get in any more.
	"thaw --sql": ["prepare", "frozen", "cancelled"],
	// Apps run there; what is wrong with a certificate or a path is found before the night.
	probe: ["prepare", "trial", "live"],
	// Nothing writes on either side.
	copy: ["frozen"],
	// Apps on Aptible have written no objects of their own yet.
	objects: ["prepare", "frozen"],
	// DNS leads to Aptible.
	watch: ["live"],
	// Aptible serves.
	"point --to new": ["live"],
	// Aptible serves nobody by the real name: before the night, and on the way back from it.
	"point --to old": ["prepare", "frozen", "cancelled"],
};

/** Whether a step is for some phases alone. */
export function isGuarded(step: string): boolean {
	return Object.hasOwn(PHASES, step);
}

/** Refuses a step in a phase that it is not for. @throws with the phase to go to and the command */
export function refusePhase(step: string, { stage, name, folder }: MoveStage): void {
	const allowed = PHASES[step];
	if (allowed === undefined) return;
	const phase = stage.move?.phase;
	if (phase !== undefined && allowed.includes(phase)) return;
	if (phase === undefined) {
		throw new Error(
			`${step} is a step of a move, and Pulumi.${name}.yaml has no block move; add one with phase: prepare, then: pulumi up --stack ${name}`,
		);
	}
	const next = nextPhase(phase, allowed);
	if (isServing(phase) && hasClosedRecord({ folder, name })) {
		throw new Error(
			`${step} needs move.phase: ${allowed.join(" or ")}, and the move of ${name} is closed, from where there is no way back; to look: npm run move -- status --stack STACK`,
		);
	}
	const fix =
		isServing(phase) && next !== "live"
			? "to lead the stage back, with what was written on Aptible counted first: npm run move -- back --stack STACK; to look: npm run move -- status --stack STACK"
			: tellStep(phase, next, name);
	throw new Error(`${step} needs move.phase: ${allowed.join(" or ")}, and Pulumi.${name}.yaml has "${phase}"; ${fix}`);
}

/** Refuses what only a source that nobody writes to allows, and a stage without objects. @throws with the fix */
export function refuseObjects({ stage, name }: MoveStage, options: Readonly<Record<string, unknown>>): void {
	if ((stage.move?.objects ?? []).length === 0) {
		throw new Error(
			`objects copies what move.objects names, and Pulumi.${name}.yaml names none; name containers of storage.containers there, then: pulumi up --stack ${name}`,
		);
	}
	if (stage.move?.phase === "frozen") return;
	const wrong = ["delete", "rewrite"].find((option) => options[option] !== undefined);
	if (wrong === undefined) return;
	throw new Error(
		`objects --${wrong} is of the phase frozen, in which nobody writes to the source; before that, run it without: npm run move -- objects --stack STACK`,
	);
}

/** MedStack is in use in `prepare`: a freeze there takes it from its users. @throws with the command that says so */
export function refuseUnsure({ stage }: MoveStage): void {
	if (stage.move?.phase !== "prepare") return;
	throw new Error(
		"freeze shuts everybody out of the source, and in the phase prepare MedStack is in use. In the night comes first: npm run move -- switch frozen --stack STACK. Where a freeze without it is meant: npm run move -- freeze --yes --stack STACK",
	);
}

/** Refuses a rehearsal that is kept without a word on what keeps mail from going out. @throws with what is missing */
export function refuseUnsmoked({ stage, name }: MoveStage): void {
	if (stage.move?.smoke !== undefined) return;
	throw new Error(
		`rehearse --keep puts the copy in the place of the stage's database, so it needs move.phase: prepare and move.smoke, whose placeholders keep mail from going out; add move.smoke to Pulumi.${name}.yaml and run: pulumi up --stack ${name}; or rehearse without --keep`,
	);
}

/**
 * A copy that apps work on while the source is in use must not write to patients. The stage file may be ahead of the last update, so
 * that what the apps have on Aptible is looked at.
 *
 * @throws with what is missing and the command that brings it
 */
export async function refuseKeep(context: Context, environment: Environment, moved: MoveStage): Promise<void> {
	const { stage, name } = moved;
	const live = await listApps(context.api, environment.id);
	for (const [handle, { config }] of Object.entries(stage.apps)) {
		const keys = Object.keys(config).filter((key) => config[key]?.includes(placeholder));
		const id = live.find((app) => app.handle === handle)?.id;
		if (keys.length === 0 || id === undefined) continue;
		const values = await readConfig(context.api, await readApp(context.api, id));
		if (values === "hidden") {
			throw new Error(
				`app "${handle}": this token may not see its config, so whether ${keys.join(", ")} is a placeholder is unknown; give the token's role the permission \`sensitive\`, or rehearse without --keep`,
			);
		}
		const real = keys.filter((key) => !(values.get(key) ?? placeholder).includes(placeholder));
		if (real.length === 0) continue;
		throw new Error(
			`app "${handle}" has the real value of ${real.join(", ")}, and would reach people whose data is in the rehearsal; bring the placeholder there first: pulumi up --stack ${name}`,
		);
	}
}

/**
 * A freeze by MedStack's API begins with its services at 0, so what would keep the mover from the rest is found before.
 *
 * @throws where other work is under way, and where no mover has been heard
 */
export async function refuseDowntime(session: MoveSession): Promise<void> {
	const [open, heartbeat] = [await openWork(session), await readHeartbeat(session)];
	if (open !== undefined && open.command !== "freeze") throw new WishUnderWay(open);
	if (!isSilent(heartbeat)) return;
	throw new Error(
		"no mover answers, and without one MedStack's services would be at 0 for nothing; they are left as they are. Look at the mover's log in MedStack, and whether its service runs with the secret move-target; then freeze again",
	);
}

/** A run that goes on would lose its login in its middle; a mover that is gone is waited for by nobody. */
export async function refuseWork(session: MoveSession): Promise<void> {
	const [open, heartbeat] = [await openWork(session), await readHeartbeat(session)];
	if (open !== undefined && !isSilent(heartbeat)) refuseOpen(open);
}

/** As `refuseWork`, and of a silent mover too: it would do what was wished for in another phase, once it comes back. */
export async function refuseAnyWork(session: MoveSession): Promise<void> {
	const open = await openWork(session);
	if (open !== undefined) refuseOpen(open);
}

function refuseOpen({ command, run }: Wish): never {
	throw new Error(
		`${command}${run === undefined ? "" : ` of run ${run}`} is under way; wait for its end, or end it: npm run move -- stop --stack STACK`,
	);
}

/** A step by the name under which its phases are known. */
export function guardedStep(step: string, { sql, to }: Readonly<Record<string, string | boolean | undefined>>): string {
	if (sql === true) return "thaw --sql";
	return to === undefined ? step : `${step} --to ${to}`;
}
