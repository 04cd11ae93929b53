"""How bash and zsh hand over the line and take what is offered: NAME=VALUE and LIB:function are one word to us, and a
word that is not finished gets no space behind it.
"""

import os
import re
from dataclasses import dataclass
from typing import Any

from click.shell_completion import BashComplete, CompletionItem, ZshComplete, add_completion_class, split_arg_string

STEM = "stem"  # a CompletionItem of this type is the beginning of a word
_SPECIAL = re.compile(r"([^\w@%+=:,./~-])")

# bash replaces only what stands behind the last of COMP_WORDBREAKS, and takes replies as they are.
_BASH = r"""%(complete_func)s() {
    local type value response IFS=$'\n'
    COMPREPLY=()
    response=$(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \
        %(complete_var)s=bash_complete "$1")
    while IFS=',' read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            stem) compopt -o nospace; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done <<< "$response"
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = r"""#compdef %(prog_name)s

%(complete_func)s() {
    local -a response stems words_described
    local type value descr
    (( ! $+commands[%(prog_name)s] )) && return 1
    response=("${(@f)$(env COMP_WORDS="${(j: :)words[1,CURRENT]}" COMP_CWORD=$((CURRENT-1)) \
        %(complete_var)s=zsh_complete %(prog_name)s)}")
    for type value descr in ${response}; do
        case $type in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            stem) stems+=("$value:$descr") ;;
            plain) words_described+=("$value:$descr") ;;
        esac
    done
    (( $#words_described )) && _describe -V unsorted words_described -U
    (( $#stems )) && _describe -V unsorted stems -U -S ''
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


@dataclass(frozen=True, slots=True)
class Typed:
    """The last word of a line: ``word`` as it is meant, ``quoted``: a quotation is still open in it."""

    before: list[str]
    word: str
    quoted: bool


def typed(line: str) -> Typed:
    words = split_arg_string(line)
    if not words or (line[-1].isspace() and not _open_quote(line)):
        return Typed(words, "", quoted=False)
    return Typed(words[:-1], words[-1], quoted=_open_quote(line))


def _open_quote(line: str) -> bool:
    opened = ""
    for letter in re.sub(r"\\.", "", line):
        if letter in "'\"" and opened in ("", letter):
            opened = "" if opened else letter
    return bool(opened)


def reply(value: str, word: Typed, breaks: str) -> str:
    """The part of the value that stands in the place that bash replaces."""
    if word.quoted:
        return value
    kept = max((word.word.rfind(letter) for letter in "=:" if letter in breaks), default=-1) + 1
    return _SPECIAL.sub(r"\\\1", value[kept:])


class _Bash(BashComplete):
    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        found = typed(os.environ["COMP_LINE"])
        return found.before[1:], found.word

    def format_completion(self, item: CompletionItem[Any]) -> str:
        word = typed(os.environ["COMP_LINE"])
        return f"{item.type},{reply(str(item.value), word, os.environ.get('COMP_BREAKS', ''))}"


class _Zsh(ZshComplete):
    source_template = _ZSH

    def format_completion(self, item: CompletionItem[Any]) -> str:
        value = str(item.value).replace("\\", "\\\\").replace(":", r"\:")
        return f"{item.type}\n{value}\n{(item.help or '').splitlines()[0] if item.help else ' '}"


add_completion_class(_Bash)
add_completion_class(_Zsh)
