import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { Kind } from "../aptible/reconcile.ts";
import { adoptionOf, driftFor, lossOf, tell } from "../drift/drift.ts";
import type { Surroundings } from "../effects/change.ts";
import { environmentKey } from "../wire/template.ts";
import { hookEffects } from "./effects.ts";

/** What one Command of the program is about. */
export interface AptibleCommandArgs<Spec, Facts extends z.ZodType<{ warnings: string[] }>> {
	/** Noun that `aptible/main.ts` knows. It is recorded in the state, so it never changes. */
	kind: Kind;
	/** Plain data, shown in previews as it stands: nothing secret, and nothing that is known only after an update. */
	spec: Spec;
	/** Form of what the Command prints. */
	facts: Facts;
	/** Values of references (`secrets.sessionKey`) that the spec's templates need. */
	secrets?: Readonly<Record<string, pulumi.Output<string>>>;
	/** Those of them whose new values wait until there is another reason to run the Command. */
	waiting?: readonly string[];
	/** Values for the environment that are no secret, by the names of their variables. */
	variables?: Readonly<Record<string, pulumi.Output<string>>>;
	/**
	 * Values for the environment that say how to find the object, and are no part of what is declared: where only they change, there
	 * is nothing to do.
	 */
	hints?: Readonly<Record<string, pulumi.Output<string>>>;
	/**
	 * Values for the environment that count for this run alone, by reference: one is a reason to run the Command, and that the next run
	 * has none is not.
	 */
	once?: Readonly<Record<string, string | undefined>>;
	/** Text that refuses a change of the spec which Aptible cannot make in place; it fails the preview. */
	refuse?: (before: Spec, after: Spec) => string | undefined | Promise<string | undefined>;
	/** Text that refuses a spec where none is recorded; it fails the preview. */
	refuseFirst?: (first: Spec) => string | undefined;
	/** What a person should know of a change of the spec; the preview shows it. */
	announce?: (before: Spec, after: Spec) => readonly string[];
	/** What of the stage its effects hang on beside the spec. */
	surroundings?: Surroundings;
	/** Whether the stage file says to take over what is there; it counts where no state has it. */
	adopt?: boolean;
}

/**
 * The one door to `@pulumi/command`: a Command that runs `aptible/main.ts` to bring an object of Aptible to what the spec
 * says, and to take it away when the resource goes.
 *
 * There are no `triggers`, and never may be: they replace, which creates and then deletes the same live object
 * (pulumi-command#855). Credentials stay in the environment of whoever runs Pulumi.
 */
export class AptibleCommand<Spec, Facts extends z.ZodType<{ warnings: string[] }>> {
	/** For `dependsOn`. */
	readonly resource: local.Command;
	/** What the reconciler reported of the object; unknown in a preview that would run it. */
	readonly facts: pulumi.Output<z.infer<Facts>>;

	constructor(name: string, args: AptibleCommandArgs<Spec, Facts>, opts: pulumi.CustomResourceOptions) {
		const {
			kind,
			spec,
			facts,
			secrets = {},
			waiting = [],
			variables = {},
			hints = {},
			once = {},
			refuse,
			refuseFirst,
			announce,
			surroundings,
			adopt = false,
		} = args;
		const names = [name, ...formerNamesOf(opts)];
		const drift = driftFor(kind, names, spec);
		const effects = hookEffects(kind, names, {
			component: opts.parent,
			references: Object.keys({ ...secrets, ...variables, ...once }),
			drift: drift.differences,
			adoption: adoptionOf(kind, names, spec, adopt),
			surroundings,
		});
		const isOfThisRun = ([, value]: [string, string | undefined]) => value !== undefined;
		this.resource = new local.Command(
			name,
			{
				// No shell: the provider appends the verb as the last argument, and everything else goes through stdin.
				interpreter: ["node", "aptible/main.ts", kind],
				create: "apply",
				delete: "remove",
				stdin: JSON.stringify(spec),
				environment: Object.fromEntries([
					...Object.entries(secrets).map(([reference, value]) => [environmentKey(reference), pulumi.secret(value)]),
					...Object.entries(variables),
					...Object.entries(hints).map(([name, value]) => [environmentKey(name), value]),
					...Object.entries(once)
						.filter(isOfThisRun)
						.map(([reference, value]) => [environmentKey(reference), value]),
					...Object.entries(drift.environment),
				]),
				// The facts go out on stdout and are not for people.
				logging: local.Logging.Stderr,
			},
			{
				...opts,
				// Progress may quote an operation's log, and that is the app's own text.
				additionalSecretOutputs: ["stderr"],
				ignoreChanges: [
					...Object.keys(hints).map((hint) => `environment.${environmentKey(hint)}`),
					...(drift.isSettled ? waiting : []).map((reference) => `environment.${environmentKey(reference)}`),
					...Object.entries(once)
						.filter((one) => !isOfThisRun(one))
						.map(([reference]) => `environment.${environmentKey(reference)}`),
					...drift.ignoreChanges,
				],
				hooks: {
					beforeUpdate: [
						...(refuse === undefined ? [] : [refusal(name, kind, { refuse, announce }, opts.parent)]),
						...effects.beforeUpdate,
					],
					beforeCreate: [
						...(refuseFirst === undefined ? [] : [firstRefusal(name, kind, refuseFirst)]),
						...effects.beforeCreate,
					],
				},
			},
		);
		this.facts = this.resource.stdout.apply((stdout) => facts.parse(JSON.parse(stdout)));
		const { warnings, notes } = tell(kind, names, spec);
		// People know the object by its component.
		const say = (log: typeof pulumi.log.warn, text: string) =>
			this.resource.urn.apply(() => log(text, opts.parent ?? this.resource));
		const loss = lossOf(kind, names);
		if (loss !== undefined) say(pulumi.log.warn, loss);
		for (const text of warnings) say(pulumi.log.warn, text);
		this.facts.apply((found) => {
			for (const text of found.warnings) if (!warnings.includes(text)) say(pulumi.log.warn, text);
		});
		// A run of the Command says them itself.
		for (const text of drift.isSettled ? notes : []) say(pulumi.log.info, text);
	}
}

/** Names that a resource had before, as far as they are said to be names. */
function formerNamesOf({ aliases }: pulumi.CustomResourceOptions): string[] {
	if (!Array.isArray(aliases)) return [];
	return aliases.flatMap((alias: unknown) => {
		const name = typeof alias === "object" && alias !== null && "name" in alias ? alias.name : undefined;
		return typeof name === "string" ? [name] : [];
	});
}

/** A hook that fails the preview, and an update that had none, before the Command runs. */
function refusal<Spec>(
	name: string,
	kind: string,
	{
		refuse,
		announce,
	}: Required<Pick<AptibleCommandArgs<Spec, never>, "refuse">> & {
		announce: AptibleCommandArgs<Spec, never>["announce"];
	},
	component: pulumi.Resource | undefined,
): pulumi.ResourceHook {
	return new pulumi.ResourceHook(
		`${kind}-${name}-identity`,
		async ({ oldInputs, newInputs }) => {
			const specs = [specOf<Spec>(oldInputs), specOf<Spec>(newInputs)] as const;
			const refused = await refuse(...specs);
			if (refused !== undefined) throw new Error(refused);
			for (const text of announce?.(...specs) ?? []) await pulumi.log.warn(text, component);
		},
		{ onDryRun: true },
	);
}

/** The same for a Command that no state has. */
function firstRefusal<Spec>(
	name: string,
	kind: string,
	refuse: (first: Spec) => string | undefined,
): pulumi.ResourceHook {
	return new pulumi.ResourceHook(
		`${kind}-${name}-first`,
		({ newInputs }) => {
			const refused = refuse(specOf<Spec>(newInputs));
			if (refused !== undefined) throw new Error(refused);
		},
		{ onDryRun: true },
	);
}

function specOf<Spec>(inputs: unknown): Spec {
	return JSON.parse((inputs as { stdin: string }).stdin) as Spec;
}
