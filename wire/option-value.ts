/** What Thor 0.20, which the CLI is built on, takes for an option wherever it stands, line by line. */
const readAsOption = /^(?:--\w+(?:-\w+)*(?:=.*)?|-[a-z](?:=.*|[-+]?(?:\d*\.\d+|\d+))?|-[a-z]{2,})$/im;

/** Whether the aptible CLI would read a text as an option where it is to be an option's value: such a text cannot be given to it. */
export function isReadAsOption(text: string): boolean {
	return text === "--" || readAsOption.test(text);
}
