// Completion scripts, written once from the whole tree of commands: no call of the program while typing.
import { InvalidInputError } from "@base/errors";
import type { Command } from "commander";

interface Entry {
  /** Words of the command after `assay`. */
  readonly path: string;
  readonly words: readonly { readonly text: string; readonly about: string }[];
}

/** The script for bash, zsh or fish. Throws InvalidInputError for another shell. */
export function completionScript(shell: string, program: Command): string {
  const entries = collect(program, "");
  switch (shell) {
    case "bash":
      return bash(entries);
    case "zsh":
      return zsh(entries);
    case "fish":
      return fish(entries);
    default:
      throw new InvalidInputError(`There is no completion for "${shell}".`, { hints: ["Known: bash, zsh, fish."] });
  }
}

function collect(command: Command, path: string): Entry[] {
  const subcommands = command.commands.map((sub) => ({ text: sub.name(), about: sub.description() }));
  const flags = command.options.map((option) => ({
    text: option.long ?? option.short ?? "",
    about: option.description,
  }));
  const own = { path, words: [...subcommands, ...flags, { text: "--help", about: "Explain the command." }] };
  return [own, ...command.commands.flatMap((sub) => collect(sub, `${path} ${sub.name()}`.trim()))];
}

const words = (entry: Entry) => entry.words.map(({ text }) => text).join(" ");

/** Longest path first, so that `assets publish` is tried before `assets`. */
const byLength = (entries: readonly Entry[]) => [...entries].sort((a, b) => b.path.length - a.path.length);

function bash(entries: readonly Entry[]): string {
  const cases = byLength(entries).map(
    (entry) => `    "${entry.path}${entry.path ? " " : ""}"*) words="${words(entry)}" ;;`,
  );
  return `# bash completion for assay: add to ~/.bashrc
#   eval "$(assay completion bash)"
_assay() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line="\${COMP_WORDS[*]:1:COMP_CWORD-1} " words=""
  line="\${line# }"
  case "$line" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _assay assay
`;
}

function zsh(entries: readonly Entry[]): string {
  const quote = (text: string) => `'${text.replace(/'/g, "'\\''")}'`;
  const cases = byLength(entries).map((entry) => {
    const items = entry.words.map(({ text, about }) => quote(`${text}:${about.replace(/:/g, " ")}`)).join(" ");
    return `    ${entry.path ? `${quote(`${entry.path} `)}*` : "*"}) items=(${items}) ;;`;
  });
  return `#compdef assay
# zsh completion for assay: put into a folder of your fpath as _assay, or
#   eval "$(assay completion zsh)"
_assay() {
  local -a items
  local line="\${(j: :)words[2,CURRENT-1]} "
  line="\${line# }"
  case "$line" in
${cases.join("\n")}
  esac
  _describe 'assay' items || _files
}
compdef _assay assay
`;
}

function fish(entries: readonly Entry[]): string {
  const quote = (text: string) => `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
  const rows = entries.flatMap((entry) =>
    entry.words.map(({ text, about }) => {
      const what = text.startsWith("--") ? `-l ${text.slice(2)}` : `-f -a ${text}`;
      return `complete -c assay -n ${quote(`__assay_at ${entry.path}`.trim())} ${what} -d ${quote(about)}`;
    }),
  );
  return `# fish completion for assay: assay completion fish > ~/.config/fish/completions/assay.fish
function __assay_at
  set -l given (string match -v -- '-*' (commandline -opc)[2..-1])
  test (count $argv) -eq 0; and return (test (count $given) -eq 0)
  test (count $given) -ge (count $argv); and test "$given[1..(count $argv)]" = "$argv"
end
${rows.join("\n")}
`;
}
