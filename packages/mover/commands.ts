/**
 * Commands in what a person is told. Sources write `--stack STACK` in each; who says it knows the stage's name, and the path of its file
 * where that is another one than the stack's own.
 */

/** A text whose commands can be typed as they stand. */
export function nameStage(text: string, stage: string, configFile?: string): string {
	const name = stage.replaceAll(/[.\\^$*+?()[\]{}|-]/g, "\\$&");
	const option = configFile === undefined ? "" : ` --config-file ${quote(configFile)}`;
	return text.replaceAll(
		new RegExp(`--stack (?:STACK|${name})(?![\\w-]|\\.\\w)(?! --config-file)`, "g"),
		() => `--stack ${stage}${option}`,
	);
}

function quote(word: string): string {
	return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
