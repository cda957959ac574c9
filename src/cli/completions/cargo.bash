# `cargo pyx WORDS` is completed as `cargo-pyx WORDS`; the rest of cargo as before.
_cargo_pyx_beside_cargo() {
    local at=1
    [[ ${COMP_WORDS[1]} == +* ]] && at=2
    if (( COMP_CWORD > at )) && [[ ${COMP_WORDS[at]} == pyx ]]; then
        COMP_WORDS=(cargo-pyx "${COMP_WORDS[@]:at+1}")
        (( COMP_CWORD -= at ))
        _clap_complete_cargo_pyx cargo-pyx "$2" "$3"
        return
    fi
    [[ -n ${_cargo_pyx_before_us-} ]] || _cargo_pyx_load_cargo
    [[ -n ${_cargo_pyx_before_us-} ]] && "$_cargo_pyx_before_us" "$@"
}

# Takes the place of cargo's completion, with its options.
_cargo_pyx_take_cargo() {
    local there
    there=$(complete -p cargo 2>/dev/null)
    [[ $there =~ ' -F '([^ ]+) ]] || there=''
    if [[ -z $there ]]; then
        complete -o bashdefault -o default -F _cargo_pyx_beside_cargo cargo
    elif [[ ${BASH_REMATCH[1]} != _cargo_pyx_beside_cargo ]]; then
        _cargo_pyx_before_us=${BASH_REMATCH[1]}
        eval "${there/ -F $_cargo_pyx_before_us/ -F _cargo_pyx_beside_cargo}"
    fi
}

# What bash-completion loads only when it is needed.
_cargo_pyx_load_cargo() {
    if declare -F _comp_load >/dev/null; then
        _comp_load cargo
    elif declare -F __load_completion >/dev/null; then
        __load_completion cargo
    fi >/dev/null 2>&1
    _cargo_pyx_take_cargo
}

_cargo_pyx_take_cargo
