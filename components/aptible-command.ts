import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { environmentKey } from "../aptible/template.ts";

/** What one Command of the program is about. */
export interface AptibleCommandArgs<Spec, Facts extends z.ZodType<{ warnings: string[] }>> {
	/** Noun that `aptible/main.ts` knows. It is recorded in the state, so it never changes. */
	kind: "claims" | "environment" | "database" | "app" | "endpoint";
	/** Plain data, shown in previews as it stands: nothing secret, and nothing that is known only after an update. */
	spec: Spec;
	/** Form of what the Command prints. */
	facts: Facts;
	/** Values of references (`secrets.sessionKey`) that the spec's templates need. */
	secrets?: Readonly<Record<string, pulumi.Output<string>>>;
	/** Text that refuses a change of the spec which Aptible cannot make in place; it fails the preview. */
	refuse?: (before: Spec, after: Spec) => string | undefined;
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
		const { kind, spec, facts, secrets = {}, refuse } = args;
		this.resource = new local.Command(
			name,
			{
				// No shell: the provider appends the verb as the last argument, and everything else goes through stdin.
				interpreter: ["node", "aptible/main.ts", kind],
				create: "apply",
				delete: "remove",
				stdin: JSON.stringify(spec),
				environment: Object.fromEntries(
					Object.entries(secrets).map(([reference, value]) => [environmentKey(reference), pulumi.secret(value)]),
				),
				// The facts go out on stdout and are not for people.
				logging: local.Logging.Stderr,
			},
			{
				...opts,
				// Progress may quote an operation's log, and that is the app's own text.
				additionalSecretOutputs: ["stderr"],
				...(refuse === undefined ? {} : { hooks: { beforeUpdate: [refusal(name, kind, refuse)] } }),
			},
		);
		this.facts = this.resource.stdout.apply((stdout) => facts.parse(JSON.parse(stdout)));
		this.facts.apply(({ warnings }) => Promise.all(warnings.map((text) => pulumi.log.warn(text, this.resource))));
	}
}

/** A hook that fails the preview, and an update that had none, before the Command runs. */
function refusal<Spec>(
	name: string,
	kind: string,
	refuse: (before: Spec, after: Spec) => string | undefined,
): pulumi.ResourceHook {
	return new pulumi.ResourceHook(
		`${kind}-${name}-identity`,
		({ oldInputs, newInputs }) => {
			const refused = refuse(specOf<Spec>(oldInputs), specOf<Spec>(newInputs));
			if (refused !== undefined) throw new Error(refused);
		},
		{ onDryRun: true },
	);
}

function specOf<Spec>(inputs: unknown): Spec {
	return JSON.parse((inputs as { stdin: string }).stdin) as Spec;
}
