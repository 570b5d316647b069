/**
 * What a person may do with a stage that is up.
 *
 * @param option ` --stack STAGE`, where it has to be given
 * @param state as the engine keeps it in its file
 */
export function listFurther(stage: string, { option, state }: { option: string; state: string }): string {
	const { resources } = JSON.parse(state).checkpoint.latest as { resources: { protect?: boolean }[] };
	const isProtected = resources.some(({ protect }) => protect === true);
	const what = `forgets everything: stages, moves, the emulated clouds${isProtected ? "; pulumi destroy refuses a protected stage" : ""}`;
	return [
		"To look further:",
		"  npm run sandbox -- aptible apps",
		`  npm run sandbox --${option} pulumi preview            after a change in Pulumi.${stage}.yaml`,
		"  npm run sandbox -- fault                      what can be made to go wrong",
		...(isProtected ? [] : [`  npm run sandbox --${option} pulumi destroy`]),
		`  npm run sandbox -- reset                      ${what}`,
		"  npm run sandbox -- --help",
	].join("\n");
}
