/** Placeholder. */
export async function writeImportFile(
	file: string,
	_: { stack: string; configFile: string | undefined },
): Promise<void> {
	throw new Error(file);
}
